// What GET /metrics shows: requests by route and status, what turns cost, and what the engine is
// doing.
#pragma once

#include <memory>
#include <string>

#include "chat/model/chat_model.hpp"
#include "chat/turn.hpp"
#include "constraint/constraint_compiler.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// Thread-safe.
class Metrics {
 public:
  // Both outlive it.
  Metrics(const chat::ChatModel& model, const engine::ConstraintCompiler& constraints,
          std::string version);
  ~Metrics();

  void request(const Served& served);
  void turn_started();
  void turn_ended(const chat::Turn& turn, bool failed);
  std::string text() const;  // Prometheus exposition format

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::server
