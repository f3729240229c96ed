#include "server/completions.hpp"

#include <optional>
#include <span>
#include <utility>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "server/completion_request.hpp"
#include "server/problem.hpp"
#include "server/turn_watch.hpp"
#include "text/tool_calls.hpp"
#include "text/utf8.hpp"

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

const char* finish_reason(const chat::Turn& turn, bool calls) {
  if (calls) return "tool_calls";
  return turn.reason == engine::FinishReason::kLength ? "length" : "stop";
}

OrderedJson usage_of(const chat::Turn& turn) {
  return {{"prompt_tokens", turn.prompt_tokens},
          {"completion_tokens", turn.reply_tokens},
          {"total_tokens", turn.prompt_tokens + turn.reply_tokens},
          {"prompt_tokens_details", {{"cached_tokens", turn.cached_tokens}}}};
}

// How a model's words become an answer.
struct Reading {
  const text::Tokenizer* tokenizer = nullptr;  // null: no log-probabilities
  text::ToolCallOptions tools;                 // style kNone: the text is the answer
  bool parses() const { return tools.style != text::ToolCallStyle::kNone; }
};

OrderedJson bytes_of(std::string_view text) {
  OrderedJson out = OrderedJson::array();
  for (const char c : text) out.push_back(static_cast<unsigned char>(c));
  return out;
}

OrderedJson logprob_json(const text::Tokenizer& tokenizer, text::TokenId id, float logprob) {
  const std::string_view raw =
      tokenizer.is_special(id) ? tokenizer.piece(id) : tokenizer.token_bytes(id);
  return {{"token", text::repair_utf8(raw)}, {"logprob", logprob}, {"bytes", bytes_of(raw)}};
}

OrderedJson logprobs_json(const text::Tokenizer& tokenizer,
                          std::span<const engine::TokenLogprobs> tokens) {
  OrderedJson content = OrderedJson::array();
  for (const engine::TokenLogprobs& token : tokens) {
    OrderedJson item = logprob_json(tokenizer, token.token, token.logprob);
    item["top_logprobs"] = OrderedJson::array();
    for (const auto& [id, logprob] : token.top)
      item["top_logprobs"].push_back(logprob_json(tokenizer, id, logprob));
    content.push_back(std::move(item));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

OrderedJson call_json(const text::ToolCall& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
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
  WholeAnswer(std::shared_ptr<Exchange> exchange, Metrics& metrics, Envelope envelope,
              Reading reading)
      : TurnWatch(std::move(exchange), metrics),
        envelope_(std::move(envelope)),
        reading_(std::move(reading)) {}

 protected:
  void finish(const chat::Turn& turn, const Error* error) override {
    const std::string& request_id = exchange_->request.id;
    if (error) return exchange_->respond(refusal(*error, request_id, busy(turn, *error)));
    if (turn.status == store::MessageStatus::kInterrupted) {
      return exchange_->respond(refusal(shutting_down(), request_id, false));
    }
    OrderedJson message = {{"role", "assistant"}, {"content", turn.text}, {"refusal", nullptr}};
    bool calls = false;
    if (reading_.parses()) {
      const text::ParsedMessage parsed = text::parse_message(turn.text, reading_.tools);
      calls = !parsed.calls.empty();
      message["content"] = calls && parsed.content.empty() ? Json() : Json(parsed.content);
      if (!parsed.reasoning.empty()) message["reasoning_content"] = parsed.reasoning;
      for (const text::ToolCall& call : parsed.calls)
        message["tool_calls"].push_back(call_json(call));
    }
    OrderedJson choice = {{"index", 0}, {"message", std::move(message)}, {"logprobs", nullptr}};
    if (reading_.tokenizer) choice["logprobs"] = logprobs_json(*reading_.tokenizer, turn.logprobs);
    choice["finish_reason"] = finish_reason(turn, calls);
    OrderedJson body = envelope_.object("chat.completion");
    body["choices"] = OrderedJson::array({std::move(choice)});
    body["usage"] = usage_of(turn);
    exchange_->respond(
        {200, "application/json", {{"Cache-Control", "no-store"}}, to_text(body), {}});
  }

 private:
  const Envelope envelope_;
  const Reading reading_;
};

class StreamedAnswer : public TurnWatch {
 public:
  StreamedAnswer(std::shared_ptr<Exchange> exchange, Metrics& metrics, Envelope envelope,
                 bool include_usage, Reading reading)
      : TurnWatch(std::move(exchange), metrics),
        envelope_(std::move(envelope)),
        include_usage_(include_usage),
        reading_(std::move(reading)) {
    if (reading_.parses()) parser_.emplace(reading_.tools);
  }

  void accepted(const chat::Turn&) override {
    exchange_->begin_stream(event_stream_head());
    send_choice({{"role", "assistant"}, {"content", ""}}, nullptr);
  }
  void text(const chat::Turn& turn, std::string_view piece) override {
    OrderedJson logprobs;
    if (reading_.tokenizer && turn.logprobs.size() > sent_logprobs_) {
      logprobs =
          logprobs_json(*reading_.tokenizer, std::span(turn.logprobs).subspan(sent_logprobs_));
      sent_logprobs_ = turn.logprobs.size();
    }
    if (parser_) return send_events(parser_->push(piece));
    send_choice({{"content", piece}}, nullptr, std::move(logprobs));
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
    if (parser_) send_events(parser_->finish());
    send_choice(OrderedJson::object(), finish_reason(turn, open_calls_ > 0));
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
  void send_events(const std::vector<text::ToolEvent>& events) {
    using Kind = text::ToolEvent::Kind;
    for (const text::ToolEvent& event : events) {
      switch (event.kind) {
        case Kind::kText:
          send_choice({{"content", event.text}}, nullptr);
          break;
        case Kind::kReasoning:
          send_choice({{"reasoning_content", event.text}}, nullptr);
          break;
        case Kind::kCallBegin:
          ++open_calls_;
          send_call({{"index", event.index},
                     {"id", event.id},
                     {"type", "function"},
                     {"function", {{"name", event.name}, {"arguments", ""}}}});
          break;
        case Kind::kCallArguments:
          send_call({{"index", event.index}, {"function", {{"arguments", event.text}}}});
          break;
        case Kind::kCallEnd:
          break;
        case Kind::kCallAbandoned:
          --open_calls_;
          break;
      }
    }
  }
  void send_call(OrderedJson call) {
    send_choice({{"tool_calls", OrderedJson::array({std::move(call)})}}, nullptr);
  }
  void send_choice(const OrderedJson& delta, const Json& reason, OrderedJson logprobs = {}) {
    OrderedJson chunk = envelope_.object("chat.completion.chunk");
    chunk["choices"] = OrderedJson::array({{{"index", 0},
                                            {"delta", delta},
                                            {"logprobs", std::move(logprobs)},
                                            {"finish_reason", reason}}});
    if (include_usage_) chunk["usage"] = nullptr;
    send(chunk);
  }
  void send(const OrderedJson& object) { exchange_->write("data: " + to_text(object) + "\n\n"); }

  const Envelope envelope_;
  const bool include_usage_;
  const Reading reading_;
  std::optional<text::ToolCallParser> parser_;
  std::size_t sent_logprobs_ = 0;
  int open_calls_ = 0;
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
  chat::ChatModel& model = assistant_.model();
  const bool tools = model.tool_style() != text::ToolCallStyle::kNone;
  if (const auto problem =
          parse_completion_request(body, {name, tools, model.engine() != nullptr}, request)) {
    return exchange->respond(openai_field_response(*problem));
  }
  Envelope envelope{"chatcmpl-" + new_id("c").substr(2), name, {}, Clock::system().now_ms() / 1000};
  if (const std::string address = assistant_.model().info().address; !address.empty()) {
    envelope.fingerprint = "fp_" + address.substr(0, 12);
  }
  chat::TurnInput input;
  input.messages = std::move(request.messages);
  input.rich_messages = std::move(request.rich_messages);
  input.tools = std::move(request.tools);
  Reading reading;
  if (!input.tools.is_null()) reading.tools = {model.tool_style(), true, false, input.tools};
  if (request.settings.logprobs >= 0 && model.engine())
    reading.tokenizer = &model.engine()->tokenizer();
  input.settings = std::move(request.settings);
  std::shared_ptr<TurnWatch> answer;
  if (request.stream) {
    answer = std::make_shared<StreamedAnswer>(exchange, metrics_, std::move(envelope),
                                              request.include_usage, std::move(reading));
  } else {
    answer =
        std::make_shared<WholeAnswer>(exchange, metrics_, std::move(envelope), std::move(reading));
  }
  start_turn(assistant_, std::move(input), answer, exchange);
}

}  // namespace parley::server
