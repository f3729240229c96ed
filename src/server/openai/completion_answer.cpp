#include "server/openai/completion_answer.hpp"

#include <atomic>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "message/part_event.hpp"
#include "message/plain_text.hpp"
#include "server/http/event_stream.hpp"
#include "server/http/json_response.hpp"
#include "server/http/problem.hpp"
#include "server/page/turn_watch.hpp"
#include "text/utf8.hpp"

namespace parley::server {
namespace {

Json bytes_of(std::string_view text) {
  Json out = Json::array();
  for (const char c : text) out.push_back(static_cast<unsigned char>(c));
  return out;
}

Json logprob_json(const text::Tokenizer& tokenizer, text::TokenId id, float logprob) {
  const std::string_view raw =
      tokenizer.is_special(id) ? tokenizer.piece(id) : tokenizer.token_bytes(id);
  return {{"token", text::repair_utf8(raw)}, {"logprob", logprob}, {"bytes", bytes_of(raw)}};
}

Json logprobs_json(const text::Tokenizer& tokenizer,
                   std::span<const engine::TokenLogprobs> tokens) {
  Json content = Json::array();
  for (const engine::TokenLogprobs& token : tokens) {
    Json item = logprob_json(tokenizer, token.token, token.logprob);
    item["top_logprobs"] = Json::array();
    for (const auto& [id, logprob] : token.top)
      item["top_logprobs"].push_back(logprob_json(tokenizer, id, logprob));
    content.push_back(std::move(item));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json call_json(const message::ToolCallPart& call) {
  return {{"id", call.id},
          {"type", "function"},
          {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

Error shutting_down() {
  return {ErrorKind::kUnavailable, "the server shut down before the reply was complete",
          "try again in a moment"};
}

const char* finish_reason(const chat::Turn& turn, bool calls) {
  if (calls) return "tool_calls";
  return turn.reason == engine::FinishReason::kLength ? "length" : "stop";
}

// What all choices share. The turns run on different threads; every call comes under the mutex.
class Answer : public std::enable_shared_from_this<Answer> {
 public:
  Answer(chat::Assistant& assistant, Metrics& metrics, std::shared_ptr<Exchange> exchange,
         chat::TurnInput input, AnswerOptions options)
      : options_(std::move(options)),
        exchange_(std::move(exchange)),
        assistant_(assistant),
        metrics_(metrics),
        input_(std::move(input)),
        id_("chatcmpl-" + new_id("c").substr(2)),
        created_s_(Clock::system().now_ms() / 1000) {}
  virtual ~Answer() = default;

  void start() {
    {
      const std::lock_guard lock(mutex_);
      start_turn(0);
    }
    exchange_->on_gone([weak = weak_from_this()] {  // the turns keep the answer
      if (const auto self = weak.lock()) self->stop_all();
    });
  }

 protected:
  virtual void begin() {}  // the first turn was accepted
  virtual void begin_choice(int index) {}
  virtual void said(int index, const chat::Turn& turn, const message::PartEvents& events) {}
  virtual void end_choice(int index, const chat::Turn& turn) = 0;
  virtual void end() = 0;  // all choices have ended well
  virtual void end_badly(const Error& error, bool busy) = 0;

  Json object(const char* kind) const {
    const std::string& mark = options_.fingerprint;
    return {{"id", id_},
            {"object", kind},
            {"created", created_s_},
            {"model", options_.model},
            {"system_fingerprint", mark.empty() ? Json() : Json(mark)}};
  }
  // The prompt counts once, however many choices were made of it.
  Json usage() const {
    return {{"prompt_tokens", prompt_tokens_},
            {"completion_tokens", reply_tokens_},
            {"total_tokens", prompt_tokens_ + reply_tokens_},
            {"prompt_tokens_details", {{"cached_tokens", cached_tokens_}}}};
  }
  const AnswerOptions options_;
  const std::shared_ptr<Exchange> exchange_;
  bool begun_ = false;

 private:
  // One turn's listener.
  class Choice : public TurnWatch {
   public:
    Choice(std::shared_ptr<Answer> answer, int index)
        : TurnWatch(answer->exchange_, answer->metrics_),
          answer_(std::move(answer)),
          index_(index) {}
    void accepted(const chat::Turn&) override {
      const std::lock_guard lock(answer_->mutex_);
      if (answer_->over_) return;
      if (!std::exchange(answer_->begun_, true)) answer_->begin();
      answer_->begin_choice(index_);
    }
    void said(const chat::Turn& turn, const message::PartEvents& events) override {
      const std::lock_guard lock(answer_->mutex_);
      if (answer_->over_) return;
      if (turn.reply_tokens > 0) answer_->start_others();
      answer_->said(index_, turn, events);
    }

   protected:
    void finish(const chat::Turn& turn, const Error* error) override {
      const std::lock_guard lock(answer_->mutex_);
      answer_->finish(index_, turn, error, error && busy(turn, *error));
    }

   private:
    const std::shared_ptr<Answer> answer_;
    const int index_;
  };

  void start_turn(int index) {
    chat::TurnInput input = input_;
    if (!input.settings.random_seed)
      input.settings.sampling.seed += static_cast<std::uint64_t>(index);
    auto control =
        assistant_.start(std::move(input), std::make_shared<Choice>(shared_from_this(), index));
    ++started_;
    const std::lock_guard lock(controls_mutex_);
    if (stopped_) control->stop(chat::StopCause::kParticipant);
    controls_.push_back(std::move(control));
  }
  void start_others() {
    while (!stopped_ && started_ < options_.choices) start_turn(started_);
  }
  // Also called by the exchange, from within a write of ours.
  void stop_all() {
    const std::lock_guard lock(controls_mutex_);
    stopped_ = true;
    for (const auto& control : controls_) control->stop(chat::StopCause::kParticipant);
  }
  void finish(int index, const chat::Turn& turn, const Error* error, bool busy) {
    if (over_) return;
    const bool cut = turn.status == store::MessageStatus::kInterrupted;
    if (error || cut) {
      over_ = true;
      end_badly(error ? *error : shutting_down(), busy);
      return stop_all();
    }
    start_others();
    if (index == 0) prompt_tokens_ = turn.prompt_tokens, cached_tokens_ = turn.cached_tokens;
    reply_tokens_ += turn.reply_tokens;
    end_choice(index, turn);
    if (++ended_ < (stopped_ ? started_ : options_.choices)) return;
    over_ = true;
    end();
  }

  chat::Assistant& assistant_;
  Metrics& metrics_;
  const chat::TurnInput input_;
  const std::string id_;
  const std::int64_t created_s_;
  std::mutex mutex_;
  std::mutex controls_mutex_;  // taken last; guards controls_
  std::vector<std::shared_ptr<chat::TurnControl>> controls_;
  std::atomic<bool> stopped_ = false;
  int started_ = 0, ended_ = 0, prompt_tokens_ = 0, cached_tokens_ = 0, reply_tokens_ = 0;
  bool over_ = false;
};

class WholeAnswer : public Answer {
 public:
  using Answer::Answer;

 protected:
  void end_choice(int index, const chat::Turn& turn) override {
    const message::Parts& parts = turn.outlet.parts();
    std::string content = message::plain_text(parts), reasoning;
    Json calls = Json::array();
    for (const message::Part& part : parts) {
      if (const auto* thought = std::get_if<message::ReasoningPart>(&part)) {
        reasoning += thought->text;
      } else if (const auto* call = std::get_if<message::ToolCallPart>(&part)) {
        calls.push_back(call_json(*call));
      }
    }
    const bool called = !calls.empty();
    Json message = {{"role", "assistant"}, {"content", nullptr}, {"refusal", nullptr}};
    if (!called || !content.empty()) message["content"] = std::move(content);
    if (!reasoning.empty()) message["reasoning_content"] = std::move(reasoning);
    if (called) message["tool_calls"] = std::move(calls);
    Json choice = {{"index", index}, {"message", std::move(message)}, {"logprobs", nullptr}};
    if (options_.tokenizer) choice["logprobs"] = logprobs_json(*options_.tokenizer, turn.logprobs);
    choice["finish_reason"] = finish_reason(turn, called);
    choices_.resize(static_cast<std::size_t>(options_.choices));
    choices_[static_cast<std::size_t>(index)] = std::move(choice);
  }
  void end() override {
    Json body = object("chat.completion");
    body["choices"] = Json(choices_);
    body["usage"] = usage();
    exchange_->respond(json_response(200, body));
  }
  void end_badly(const Error& error, bool busy) override {
    exchange_->respond(openai_refusal(error, exchange_->request.id, busy));
  }

 private:
  std::vector<Json> choices_;
};

class StreamedAnswer : public Answer {
 public:
  StreamedAnswer(chat::Assistant& assistant, Metrics& metrics, std::shared_ptr<Exchange> exchange,
                 chat::TurnInput input, AnswerOptions options)
      : Answer(assistant, metrics, std::move(exchange), std::move(input), std::move(options)),
        choices_(static_cast<std::size_t>(options_.choices)) {}

 protected:
  void begin() override { begin_events(*exchange_); }
  void begin_choice(int index) override {
    send_delta(index, {{"role", "assistant"}, {"content", ""}}, nullptr);
  }
  // Log-probabilities go with the words, or else first: tokens of calls, reasoning and what no part
  // shows have theirs too.
  void said(int index, const chat::Turn& turn, const message::PartEvents& events) override {
    State& choice = choices_[static_cast<std::size_t>(index)];
    Json logprobs = new_logprobs(choice, turn);
    std::vector<Json> deltas;
    std::ptrdiff_t words = -1;  // the first delta with some
    for (const message::PartEvent& event : events) {
      Json delta = delta_of(choice, event);
      message::apply_event(event, choice.parts);
      if (delta.empty()) continue;
      if (words < 0 && delta.contains("content")) words = std::ssize(deltas);
      deltas.push_back(std::move(delta));
    }
    if (words < 0 && !logprobs.is_null())
      send_delta(index, Json::object(), nullptr, std::move(logprobs));
    for (std::ptrdiff_t i = 0; i < std::ssize(deltas); ++i) {
      send_delta(index, deltas[static_cast<std::size_t>(i)], nullptr,
                 i == words ? std::move(logprobs) : Json());
    }
  }
  void end_choice(int index, const chat::Turn& turn) override {
    State& choice = choices_[static_cast<std::size_t>(index)];
    // With it, the tokens that have no text of their own.
    send_delta(index, Json::object(), finish_reason(turn, choice.calls > 0),
               new_logprobs(choice, turn));
  }
  void end() override {
    if (options_.include_usage) {
      Json last = object("chat.completion.chunk");
      last["choices"] = Json::array();
      last["usage"] = usage();
      send(last);
    }
    end_events_done(*exchange_);
  }
  void end_badly(const Error& error, bool busy) override {
    if (!begun_) return exchange_->respond(openai_refusal(error, exchange_->request.id, busy));
    send(openai_error_json(error, exchange_->request.id));
    exchange_->end_stream();
  }

 private:
  struct State {
    message::Parts parts;  // so far
    std::size_t sent_logprobs = 0;
    int calls = 0;    // that stand
    int indices = 0;  // of calls, those taken back too: a client has seen theirs
  };

  // Of the tokens that have come since they were last told; null without any.
  Json new_logprobs(State& choice, const chat::Turn& turn) const {
    if (!options_.tokenizer || turn.logprobs.size() <= choice.sent_logprobs) return {};
    const auto fresh = std::span(turn.logprobs).subspan(choice.sent_logprobs);
    choice.sent_logprobs = turn.logprobs.size();
    return logprobs_json(*options_.tokenizer, fresh);
  }

  // What an event adds to the message in OpenAI's protocol; empty: nothing.
  static Json delta_of(State& choice, const message::PartEvent& event) {
    if (std::string words = message::added_plain_text(event, choice.parts); !words.empty())
      return {{"content", std::move(words)}};
    if (const auto* begun = std::get_if<message::PartBegins>(&event)) {
      if (const auto* thought = std::get_if<message::ReasoningPart>(&begun->part))
        return {{"reasoning_content", thought->text}};
      if (const auto* call = std::get_if<message::ToolCallPart>(&begun->part)) {
        ++choice.calls;
        Json json = {{"index", choice.indices++}};
        json.update(call_json(*call));
        return {{"tool_calls", Json::array({std::move(json)})}};
      }
    } else if (const auto* more = std::get_if<message::PartGrows>(&event)) {
      const message::Part& part = choice.parts.back();
      if (std::holds_alternative<message::ReasoningPart>(part))
        return {{"reasoning_content", more->text}};
      if (std::holds_alternative<message::ToolCallPart>(part)) {
        const Json json = {{"index", choice.indices - 1},
                           {"function", {{"arguments", more->text}}}};
        return {{"tool_calls", Json::array({json})}};
      }
    } else {
      --choice.calls;
    }
    return Json::object();
  }
  void send_delta(int index, const Json& delta, const Json& reason, Json logprobs = {}) {
    Json chunk = object("chat.completion.chunk");
    chunk["choices"] = Json::array({{{"index", index},
                                     {"delta", delta},
                                     {"logprobs", std::move(logprobs)},
                                     {"finish_reason", reason}}});
    if (options_.include_usage) chunk["usage"] = nullptr;
    send(chunk);
  }
  void send(const Json& object) { send_event(*exchange_, {}, object); }

  std::vector<State> choices_;
};

}  // namespace

void start_answer(chat::Assistant& assistant, Metrics& metrics,
                  const std::shared_ptr<Exchange>& exchange, chat::TurnInput input,
                  AnswerOptions options) {
  std::shared_ptr<Answer> answer;
  if (options.stream) {
    answer = std::make_shared<StreamedAnswer>(assistant, metrics, exchange, std::move(input),
                                              std::move(options));
  } else {
    answer = std::make_shared<WholeAnswer>(assistant, metrics, exchange, std::move(input),
                                           std::move(options));
  }
  answer->start();
}

}  // namespace parley::server
