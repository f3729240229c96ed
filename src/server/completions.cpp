#include "server/completions.hpp"

#include <utility>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "server/completion_request.hpp"
#include "server/problem.hpp"
#include "server/turn_watch.hpp"

namespace parley::server {
namespace {

// What every object of one completion says about itself.
struct Envelope {
  std::string id, model, fingerprint;
  std::int64_t created = 0;

  OrderedJson object(const char* kind) const {
    return {{"id", id},
            {"object", kind},
            {"created", created},
            {"model", model},
            {"system_fingerprint", fingerprint.empty() ? Json() : Json(fingerprint)}};
  }
};

const char* finish_reason(const chat::Turn& turn) {
  return turn.reason == engine::FinishReason::kLength ? "length" : "stop";
}

OrderedJson usage_of(const chat::Turn& turn) {
  return {{"prompt_tokens", turn.prompt_tokens},
          {"completion_tokens", turn.reply_tokens},
          {"total_tokens", turn.prompt_tokens + turn.reply_tokens}};
}

Response refusal(const Error& error, const std::string& request_id, bool busy) {
  Response response = openai_error_response(error, request_id, busy ? 429 : 0);
  if (busy || response.status == 503) add_retry_after(response, kRetryAfterSeconds);
  return response;
}

Error shutting_down() {
  return {ErrorKind::kUnavailable, "the server shut down before the reply was complete",
          "try again in a moment"};
}

class WholeAnswer : public TurnWatch {
 public:
  WholeAnswer(std::shared_ptr<Exchange> exchange, Metrics& metrics, Envelope envelope)
      : TurnWatch(std::move(exchange), metrics), envelope_(std::move(envelope)) {}

 protected:
  void finish(const chat::Turn& turn, const Error* error) override {
    const std::string& request_id = exchange_->request.id;
    if (error) return exchange_->respond(refusal(*error, request_id, busy(turn, *error)));
    if (turn.status == store::MessageStatus::kInterrupted) {
      return exchange_->respond(refusal(shutting_down(), request_id, false));
    }
    OrderedJson body = envelope_.object("chat.completion");
    body["choices"] = OrderedJson::array(
        {{{"index", 0},
          {"message", {{"role", "assistant"}, {"content", turn.text}, {"refusal", nullptr}}},
          {"logprobs", nullptr},
          {"finish_reason", finish_reason(turn)}}});
    body["usage"] = usage_of(turn);
    exchange_->respond(
        {200, "application/json", {{"Cache-Control", "no-store"}}, to_text(body), {}});
  }

 private:
  const Envelope envelope_;
};

class StreamedAnswer : public TurnWatch {
 public:
  StreamedAnswer(std::shared_ptr<Exchange> exchange, Metrics& metrics, Envelope envelope,
                 bool include_usage)
      : TurnWatch(std::move(exchange), metrics),
        envelope_(std::move(envelope)),
        include_usage_(include_usage) {}

  void accepted(const chat::Turn&) override {
    exchange_->begin_stream(event_stream_head());
    send_choice({{"role", "assistant"}, {"content", ""}}, nullptr);
  }
  void text(const chat::Turn&, std::string_view piece) override {
    send_choice({{"content", piece}}, nullptr);
  }

 protected:
  void finish(const chat::Turn& turn, const Error* error) override {
    const std::string& request_id = exchange_->request.id;
    if (error && !turn.accepted)
      return exchange_->respond(refusal(*error, request_id, busy(turn, *error)));
    const bool cut = turn.status == store::MessageStatus::kInterrupted;
    if (error || cut) {
      send(openai_error_json(error ? *error : shutting_down(), request_id));
      return exchange_->end_stream();
    }
    send_choice(OrderedJson::object(), finish_reason(turn));
    if (include_usage_) {
      OrderedJson last = envelope_.object("chat.completion.chunk");
      last["choices"] = OrderedJson::array();
      last["usage"] = usage_of(turn);
      send(last);
    }
    exchange_->write("data: [DONE]\n\n");
    exchange_->end_stream();
  }

 private:
  void send_choice(const OrderedJson& delta, const Json& reason) {
    OrderedJson chunk = envelope_.object("chat.completion.chunk");
    chunk["choices"] = OrderedJson::array(
        {{{"index", 0}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", reason}}});
    if (include_usage_) chunk["usage"] = nullptr;
    send(chunk);
  }
  void send(const OrderedJson& object) { exchange_->write("data: " + to_text(object) + "\n\n"); }

  const Envelope envelope_;
  const bool include_usage_;
};

OrderedJson model_object(const std::string& name, std::int64_t created) {
  return {{"id", name}, {"object", "model"}, {"created", created}, {"owned_by", "parley"}};
}

}  // namespace

Completions::Completions(chat::Assistant& assistant, Metrics& metrics)
    : assistant_(assistant), metrics_(metrics), started_s_(Clock::system().now_ms() / 1000) {}

void Completions::models(const std::shared_ptr<Exchange>& exchange) const {
  const OrderedJson body = {
      {"object", "list"},
      {"data", OrderedJson::array({model_object(assistant_.model().name(), started_s_)})}};
  exchange->respond({200, "application/json", {}, to_text(body), {}});
}

void Completions::one_model(const std::shared_ptr<Exchange>& exchange,
                            const std::string& id) const {
  const std::string name = assistant_.model().name();
  if (id != name) {
    return exchange->respond(openai_field_response(
        {"model", "model: '" + id + "' does not exist here; this server has '" + name + "'",
         "model_not_found"}));
  }
  exchange->respond({200, "application/json", {}, to_text(model_object(name, started_s_)), {}});
}

void Completions::create(const std::shared_ptr<Exchange>& exchange) {
  const Json body = parse_json(exchange->request.body, "request body");
  CompletionRequest request;
  request.settings = assistant_.defaults();
  const std::string name = assistant_.model().name();
  if (const auto problem = parse_completion_request(body, name, request)) {
    return exchange->respond(openai_field_response(*problem));
  }
  Envelope envelope{"chatcmpl-" + new_id("c").substr(2), name, {}, Clock::system().now_ms() / 1000};
  if (const std::string address = assistant_.model().info().address; !address.empty()) {
    envelope.fingerprint = "fp_" + address.substr(0, 12);
  }
  chat::TurnInput input;
  input.messages = std::move(request.messages);
  input.settings = std::move(request.settings);
  std::shared_ptr<TurnWatch> answer;
  if (request.stream) {
    answer = std::make_shared<StreamedAnswer>(exchange, metrics_, std::move(envelope),
                                              request.include_usage);
  } else {
    answer = std::make_shared<WholeAnswer>(exchange, metrics_, std::move(envelope));
  }
  start_turn(assistant_, std::move(input), answer, exchange);
}

}  // namespace parley::server
