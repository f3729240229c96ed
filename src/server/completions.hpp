// POST /v1/chat/completions and GET /v1/models: OpenAI's protocol.
#pragma once

#include <cstdint>
#include <memory>

#include "chat/assistant.hpp"
#include "server/http.hpp"
#include "server/metrics.hpp"

namespace parley::server {

class Completions {
 public:
  Completions(chat::Assistant& assistant, Metrics& metrics);

  void models(const std::shared_ptr<Exchange>& exchange) const;
  void one_model(const std::shared_ptr<Exchange>& exchange, const std::string& id) const;
  void create(const std::shared_ptr<Exchange>& exchange);  // on a work thread

 private:
  chat::Assistant& assistant_;
  Metrics& metrics_;
  std::int64_t started_s_;  // stands for the model's creation time
};

}  // namespace parley::server
