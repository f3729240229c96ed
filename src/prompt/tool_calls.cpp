#include "prompt/tool_calls.hpp"

#include <algorithm>
#include <utility>

#include "prompt/families/family.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

// Calls without a mark of their own.
constexpr Envelope kWords = {.open = "", .payload = offered_calls};

constexpr bool may_begin_words(char c) {
  return c == '{' || c == '[';
}

}  // namespace

class ToolCallParser::Impl : public ToolCallSink {
 public:
  explicit Impl(ToolCallOptions options)
      : options_(std::move(options)), family_(family_of(options_.style)) {
    for (const Family* family : families()) {
      if (family->parting.empty() || family == family_) reasonings_.push_back(family->reasoning);
    }
    if (options_.reasoning && options_.opens_in_reasoning)
      open_reasoning(family_ != nullptr ? family_->reasoning : kThink);
  }

  std::vector<ToolEvent> push(std::string_view text) {
    for (const char c : text) feed(c);
    return std::exchange(events_, {});
  }

  std::vector<ToolEvent> finish() {
    if (mode_ == Mode::kReasoning) {
      const bool partial_tag = !held_.empty() && !is_json_space(held_.back());
      if (partial_tag) emit_reasoning(held_);
      held_.clear();
    } else if (mode_ == Mode::kCall) {
      leave_payload();
    }
    if (mode_ == Mode::kClosing) feed_again(Mode::kText);
    const bool only_space = held_.empty() && !any_call_ && !drop_space_;
    if (!held_.empty() || only_space) emit_text(std::exchange(held_, {}));
    space_.clear();
    return std::exchange(events_, {});
  }

  // ToolCallSink
  void begin_call(std::string name, std::string id) override {
    open_ = true;
    arguments_.clear();
    events_.push_back({ToolEvent::Kind::kCallBegin, {}, index_, std::move(id), std::move(name)});
  }

  void add_arguments(std::string_view json) override {
    arguments_ += json;
    emit(ToolEvent::Kind::kCallArguments, json);
  }

  bool end_call() override {
    const auto read = try_parse_json(arguments_);
    if (!read || !read->is_object()) return false;
    events_.push_back({ToolEvent::Kind::kCallEnd, {}, index_, {}, {}});
    ++index_;
    open_ = false;
    ended_call_ = any_call_ = at_edge_ = true;
    in_line_ = false;
    space_.clear();
    return true;
  }

 private:
  enum class Mode {
    kStart,      // nothing but white space yet, or since the reasoning
    kText,       // the answer
    kReasoning,  // behind <think>
    kCall,       // payload_ is being read
    kClosing,    // behind a payload: white space and the closing marker
  };

  void feed(char c) {
    switch (mode_) {
      case Mode::kStart:
        return feed_start(c);
      case Mode::kText:
        return feed_text(c);
      case Mode::kReasoning:
        return feed_reasoning(c);
      case Mode::kCall:
        return feed_call(c);
      case Mode::kClosing:
        return feed_closing(c);
    }
  }

  // What is held was not what it might have been.
  void feed_again(Mode mode) {
    mode_ = mode;
    for (const char c : std::exchange(held_, {})) feed(c);
  }

  // Neighbouring texts of one kind are joined.
  void emit(ToolEvent::Kind kind, std::string_view text) {
    if (text.empty()) return;
    if (!events_.empty() && events_.back().kind == kind && events_.back().index == index_) {
      events_.back().text += text;
    } else {
      events_.push_back({kind, std::string(text), index_, {}, {}});
    }
  }

  void emit_text(std::string_view text) {
    if (!std::exchange(drop_space_, false)) emit(ToolEvent::Kind::kText, space_);
    space_.clear();
    at_edge_ = false;
    if (!text.empty()) in_line_ = text.back() != '\n';
    emit(ToolEvent::Kind::kText, text);
  }

  // --- the start: reasoning, calls that are the whole message, or text

  void feed_start(char c) {
    if (held_.empty() && is_json_space(c)) {
      space_ += c;
      return;
    }
    held_ += c;
    if (options_.reasoning && !drop_space_) {
      bool may_open = false;
      for (const Reasoning& reasoning : reasonings_) {
        if (reasoning.open == held_) return open_reasoning(reasoning);
        may_open |= reasoning.open.starts_with(held_);
      }
      if (may_open) return;
    }
    const Envelope* begun = family_ != nullptr ? family_->start : nullptr;
    if (family_ != nullptr && may_begin_words(held_[0])) begun = &kWords;
    if (begun == nullptr || !reads(*begun)) return feed_again(Mode::kText);
    begin_payload(*begun);
    feed_again(Mode::kCall);
  }

  bool reads(const Envelope& envelope) const { return options_.calls || envelope.around_all; }

  // --- reasoning

  void open_reasoning(const Reasoning& reasoning) {
    tags_ = reasoning;
    held_.clear();
    space_.clear();
    mode_ = Mode::kReasoning;
  }

  // Holds white space and what may end the reasoning behind it.
  void feed_reasoning(char c) {
    held_ += c;
    const std::size_t space = std::min(held_.find_first_not_of(" \t\r\n"), held_.size());
    const std::string_view rest = std::string_view(held_).substr(space);
    if (rest == tags_.close) {
      held_.clear();
      drop_space_ = true;
      mode_ = Mode::kStart;
      return;
    }
    for (const Envelope& envelope : ending_envelopes()) {
      if (rest != envelope.open) continue;
      held_.clear();
      drop_space_ = true;
      return begin_payload(envelope);
    }
    if (may_end_reasoning(rest)) return;
    const std::string all = std::exchange(held_, {});
    const std::string_view last(&all.back(), 1);
    const bool may_begin = is_json_space(c) || may_end_reasoning(last);
    if (may_begin) held_ = last;
    emit_reasoning(std::string_view(all).substr(0, all.size() - (may_begin ? 1 : 0)));
  }

  std::span<const Envelope> ending_envelopes() const {
    return options_.calls && family_ != nullptr && family_->calls_end_reasoning
               ? family_->envelopes
               : std::span<const Envelope>();
  }

  bool may_end_reasoning(std::string_view text) const {
    return tags_.close.starts_with(text) ||
           std::ranges::any_of(ending_envelopes(), [&](const Envelope& envelope) {
             return envelope.open.starts_with(text);
           });
  }

  void emit_reasoning(std::string_view text) {
    if (!any_reasoning_) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    }
    any_reasoning_ |= !text.empty();
    emit(ToolEvent::Kind::kReasoning, text);
  }

  // --- text

  void feed_text(char c) {
    if (at_edge_ && held_.empty() && is_json_space(c)) {
      space_ += c;
      return;
    }
    held_ += c;
    while (!held_.empty()) {
      bool may_open = false;
      for (const Envelope& envelope : envelopes()) {
        if (!reads(envelope) || (envelope.at_line && in_line_)) continue;
        if (envelope.open == held_) {
          held_.clear();
          if (envelope.payload != nullptr) begin_payload(envelope);
          return;
        }
        may_open |= envelope.open.starts_with(held_);
      }
      if (may_open) return;
      emit_text(std::string_view(held_).substr(0, 1));
      held_.erase(0, 1);
    }
  }

  std::span<const Envelope> envelopes() const {
    return family_ != nullptr ? family_->envelopes : std::span<const Envelope>();
  }

  // --- calls

  void begin_payload(const Envelope& envelope) {
    envelope_ = &envelope;
    raw_ = envelope.open;
    ended_call_ = false;
    mode_ = Mode::kCall;
    payload_ = envelope.payload(*this, options_.tools.is_array() ? &options_.tools : nullptr);
  }

  void feed_call(char c) {
    switch (payload_->feed(c)) {
      case ToolPayload::Status::kMore:
        raw_ += c;
        if (std::exchange(ended_call_, false)) raw_.clear();
        return;
      case ToolPayload::Status::kTaken:
        raw_.clear();
        return;
      case ToolPayload::Status::kDone:
        return end_payload();
      case ToolPayload::Status::kReasoning:
        end_payload();
        if (options_.reasoning) open_reasoning(family_->reasoning);
        return;
      case ToolPayload::Status::kFailed:
        leave_payload();
        return feed(c);
    }
  }

  // It takes no more: it ended with its last call, or there was none.
  void leave_payload() {
    if (!payload_->complete()) return abandon();
    const std::string rest = std::exchange(raw_, {});
    end_payload();
    for (const char c : rest) feed(c);
  }

  void end_payload() {
    payload_.reset();
    raw_.clear();
    mode_ = envelope_->close.empty() ? Mode::kText : Mode::kClosing;
  }

  // What was read since the last complete call is text after all.
  void abandon() {
    if (std::exchange(open_, false)) {
      events_.push_back({ToolEvent::Kind::kCallAbandoned, {}, index_, {}, {}});
      ++index_;
    }
    payload_.reset();
    mode_ = Mode::kText;
    if (!raw_.empty()) emit_text(std::exchange(raw_, {}));
  }

  void feed_closing(char c) {
    held_ += c;
    const std::size_t space = std::min(held_.find_first_not_of(" \t\r\n"), held_.size());
    const std::string_view rest = std::string_view(held_).substr(space);
    if (rest == envelope_->close) {
      held_.clear();
      mode_ = Mode::kText;
    } else if (!envelope_->close.starts_with(rest)) {
      feed_again(Mode::kText);  // the model left the closing marker out
    }
  }

  ToolCallOptions options_;
  const Family* family_;               // null: no calls are read
  std::vector<Reasoning> reasonings_;  // that the message may begin with
  Mode mode_ = Mode::kStart;
  std::vector<ToolEvent> events_;
  int index_ = 0;            // of the open call, or the next one
  std::string held_;         // may still become a marker
  std::string space_;        // white space that a call or the end may follow
  bool at_edge_ = true;      // at the start, or behind a call: white space goes to space_
  bool in_line_ = false;     // text stands before this in its line
  bool drop_space_ = false;  // behind the reasoning: space_ is no text even before text
  bool any_reasoning_ = false;
  Reasoning tags_;

  const Envelope* envelope_ = nullptr;
  std::unique_ptr<ToolPayload> payload_;
  std::string raw_;          // all of the payload since the last complete call
  std::string arguments_;    // of the open call
  bool open_ = false;        // a call has begun and not ended
  bool ended_call_ = false;  // the last byte ended a call
  bool any_call_ = false;
};

ToolCallParser::ToolCallParser(ToolCallOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
ToolCallParser::~ToolCallParser() = default;
ToolCallParser::ToolCallParser(ToolCallParser&&) noexcept = default;
ToolCallParser& ToolCallParser::operator=(ToolCallParser&&) noexcept = default;

std::vector<ToolEvent> ToolCallParser::push(std::string_view text) {
  return impl_->push(text);
}

std::vector<ToolEvent> ToolCallParser::finish() {
  return impl_->finish();
}

}  // namespace parley::text
