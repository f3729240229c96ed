#include "server/page/turn_watch.hpp"

#include <cmath>

#include "base/log.hpp"

namespace parley::server {

TurnWatch::TurnWatch(std::shared_ptr<Exchange> exchange, Metrics& metrics)
    : exchange_(std::move(exchange)), metrics_(metrics) {
  metrics_.turn_started();
}

void TurnWatch::ended(const chat::Turn& turn, const Error* error) {
  metrics_.turn_ended(turn, error != nullptr);
  const auto rounded = [](double value) { return std::round(value * 1000) / 1000; };
  Json fields = {{"id", exchange_->request.id},
                 {"ended", error ? kind_name(error->kind()) : store::status_name(turn.status)},
                 {"prompt_tokens", turn.prompt_tokens},
                 {"reply_tokens", turn.reply_tokens}};
  if (turn.first_text_s > 0) {
    fields["first_token_s"] = rounded(turn.first_text_s - turn.started_s);
    const double spoken = turn.finished_s - turn.first_text_s;
    if (turn.reply_tokens > 1 && spoken > 0) {
      fields["tokens_per_s"] = std::round((turn.reply_tokens - 1) / spoken);
    }
  }
  log::info("turn", fields);
  finish(turn, error);
}

void start_turn(chat::Assistant& assistant, chat::TurnInput input,
                const std::shared_ptr<TurnWatch>& listener,
                const std::shared_ptr<Exchange>& exchange) {
  const auto control = assistant.start(std::move(input), listener);
  exchange->on_gone([control] { control->stop(chat::StopCause::kParticipant); });
}

}  // namespace parley::server
