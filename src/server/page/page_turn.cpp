#include "server/page/page_turn.hpp"

#include <utility>

#include "base/log.hpp"
#include "server/http/event_stream.hpp"
#include "server/http/problem.hpp"
#include "server/page/page_api.hpp"

namespace parley::server {
namespace {

class PageTurn : public TurnWatch {
 public:
  PageTurn(std::shared_ptr<Exchange> exchange, Metrics& metrics, store::Store& store)
      : TurnWatch(std::move(exchange), metrics), store_(store) {}

  void accepted(const chat::Turn& turn) override {
    const store::Message& reply = turn.place->assistant_message;
    const auto user = turn.place->user_message
                          ? turn.place->user_message
                          : store_.messages().find(turn.input.participant, *reply.parent_id);
    begin_events(*exchange_);
    begun_ = true;
    send("turn", {{"thread", thread_of(turn)},
                  {"user_message", user ? message_json(*user) : Json()},
                  {"assistant_message", message_json(reply)}});
  }

  void said(const chat::Turn&, const message::PartEvents& events) override {
    for (const message::PartEvent& event : events)
      send(message::event_name(event), message::event_json(event));
  }

 protected:
  void finish(const chat::Turn& turn, const Error* error) override {
    const std::string& request_id = exchange_->request.id;
    if (error && !begun_) {
      Response response = problem_response(*error, request_id, busy(turn, *error) ? 429 : 0);
      if (busy(turn, *error)) add_retry_after(response, kRetryAfterSeconds);
      return exchange_->respond(std::move(response));
    }
    if (error) {
      send("error", problem_json(*error, request_id));
    } else {
      send("done",
           {{"message", message_json(turn.place->assistant_message)},
            {"thread", thread_of(turn)},
            {"usage",
             {{"prompt_tokens", turn.prompt_tokens}, {"completion_tokens", turn.reply_tokens}}}});
    }
    exchange_->end_stream();
  }

 private:
  // Null when it was deleted meanwhile, or cannot be read: the reply itself is still told.
  Json thread_of(const chat::Turn& turn) const {
    try {
      const auto thread = store_.threads().find(turn.input.participant, turn.input.thread_id);
      return thread ? thread_json(*thread) : Json();
    } catch (const Error& error) {
      log::error("thread_not_read", {{"id", exchange_->request.id}, {"why", error.message()}});
      return {};
    }
  }
  void send(std::string_view event, const Json& data) { send_event(*exchange_, event, data); }

  store::Store& store_;
  bool begun_ = false;
};

}  // namespace

std::shared_ptr<TurnWatch> make_page_turn(std::shared_ptr<Exchange> exchange, Metrics& metrics,
                                          store::Store& store) {
  return std::make_shared<PageTurn>(std::move(exchange), metrics, store);
}

}  // namespace parley::server
