// What every turn answered over HTTP has in common: it is counted, it is logged, and it stops when
// its client goes away.
#pragma once

#include <memory>
#include <utility>

#include "chat/assistant.hpp"
#include "server/http/http.hpp"
#include "server/http/metrics.hpp"

namespace parley::server {

class TurnWatch : public chat::TurnListener {
 public:
  TurnWatch(std::shared_ptr<Exchange> exchange, Metrics& metrics);

  void ended(const chat::Turn& turn, const Error* error) final;

 protected:
  // The last of the answer. A full queue is told apart from other errors by busy().
  virtual void finish(const chat::Turn& turn, const Error* error) = 0;
  static bool busy(const chat::Turn& turn, const Error& error) {
    return !turn.accepted && error.kind() == ErrorKind::kUnavailable;
  }

  const std::shared_ptr<Exchange> exchange_;

 private:
  Metrics& metrics_;
};

// Starts the turn and ties it to its exchange.
void start_turn(chat::Assistant& assistant, chat::TurnInput input,
                const std::shared_ptr<TurnWatch>& listener,
                const std::shared_ptr<Exchange>& exchange);

}  // namespace parley::server
