#include "prompt/tool_calls.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "prompt/tool_payload.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

enum class PayloadKind {
  kTagged,
  kJson,
  kMistral,
  kMarkedPython,
  kFunctionTag,
  kBareJson,
  kBarePython
};

// What opens a call in the text, how it goes on, and what may close it.
struct Envelope {
  std::string_view open;
  PayloadKind payload;
  std::string_view close;
};

constexpr Envelope kTaggedEnvelopes[] = {
    {"<tool_call>", PayloadKind::kTagged, "</tool_call>"},
    {"<function=", PayloadKind::kFunctionTag, "</tool_call>"},
    {"<code>", PayloadKind::kMarkedPython, ""},
};
constexpr Envelope kBareJsonEnvelopes[] = {{"<|python_tag|>", PayloadKind::kTagged, ""}};
constexpr Envelope kMistralEnvelopes[] = {{"[TOOL_CALLS]", PayloadKind::kMistral, ""}};
constexpr Envelope kMarkedEnvelopes[] = {
    {"<|tool_call|>", PayloadKind::kJson, "<|/tool_call|>"},
    {"<tool_call>", PayloadKind::kTagged, "</tool_call>"},
};
constexpr Envelope kActionEnvelopes[] = {
    {"<|START_ACTION|>", PayloadKind::kJson, "<|END_ACTION|>"}};
constexpr Envelope kPythonicEnvelopes[] = {
    {"<|python_start|>", PayloadKind::kBarePython, "<|python_end|>"}};

// Calls that have no marker, but are the whole message.
constexpr Envelope kWholeJson = {"", PayloadKind::kBareJson, ""};
constexpr Envelope kWholePython = {"", PayloadKind::kBarePython, ""};

std::span<const Envelope> envelopes_of(ToolCallStyle style) {
  switch (style) {
    case ToolCallStyle::kNone:
      return {};
    case ToolCallStyle::kTagged:
      return kTaggedEnvelopes;
    case ToolCallStyle::kBareJson:
      return kBareJsonEnvelopes;
    case ToolCallStyle::kMistral:
      return kMistralEnvelopes;
    case ToolCallStyle::kMarked:
      return kMarkedEnvelopes;
    case ToolCallStyle::kAction:
      return kActionEnvelopes;
    case ToolCallStyle::kPythonic:
      return kPythonicEnvelopes;
  }
  return {};
}

struct ReasoningTags {
  std::string_view open, close;
};
constexpr ReasoningTags kReasoningTags[] = {
    {"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<|START_THINKING|>", "<|END_THINKING|>"}};

// Those of a message that starts inside its reasoning.
const ReasoningTags& tags_of(ToolCallStyle style) {
  return kReasoningTags[style == ToolCallStyle::kMistral  ? 1
                        : style == ToolCallStyle::kAction ? 2
                                                          : 0];
}

// Parts of calls that some families have special tokens for beside what opens and closes them.
constexpr std::string_view kInnerMarkers[] = {"[ARGS]", "[CALL_ID]"};

// Behind the opening marker of a tagged call: the first byte tells which form follows.
class TaggedPayload : public ToolPayload {
 public:
  TaggedPayload(ToolCallSink& sink, const Json* tools) : sink_(sink), tools_(tools) {}

  Status feed(char c) override {
    if (!inner_) {
      if (is_json_space(c)) return Status::kMore;
      if (c == '{' || c == '[') {
        inner_ = json_payload(sink_, {});
      } else if (c == '<') {
        inner_ = xml_payload(sink_, tools_);
      } else {
        return Status::kFailed;
      }
    }
    return inner_->feed(c);
  }

 private:
  ToolCallSink& sink_;
  const Json* tools_;
  std::unique_ptr<ToolPayload> inner_;
};

}  // namespace

class ToolCallParser::Impl : public ToolCallSink {
 public:
  explicit Impl(ToolCallOptions options) : options_(std::move(options)) {
    if (options_.reasoning && options_.opens_in_reasoning) open_reasoning(tags_of(options_.style));
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
      if (payload_->complete()) {
        end_payload();
      } else {
        abandon();
      }
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
    emit(ToolEvent::Kind::kText, text);
  }

  // --- the start: reasoning, calls that are the whole message, or text

  void feed_start(char c) {
    if (held_.empty() && is_json_space(c)) {
      space_ += c;
      return;
    }
    held_ += c;
    for (const ReasoningTags& tags : kReasoningTags) {
      const bool may_open = options_.reasoning && !drop_space_ && tags.open.starts_with(held_);
      if (may_open && tags.open == held_) return open_reasoning(tags);
      if (may_open) return;
    }
    if (options_.style == ToolCallStyle::kBareJson && held_[0] == '{') {
      begin_payload(kWholeJson);
      feed_again(Mode::kCall);
    } else if (options_.style == ToolCallStyle::kPythonic && held_[0] == '[') {
      begin_payload(kWholePython);
      feed_again(Mode::kCall);
    } else {
      feed_again(Mode::kText);
    }
  }

  // --- reasoning

  void open_reasoning(const ReasoningTags& tags) {
    tags_ = &tags;
    held_.clear();
    space_.clear();
    mode_ = Mode::kReasoning;
  }

  // Holds white space and what may be the closing tag behind it.
  void feed_reasoning(char c) {
    held_ += c;
    const std::size_t space = std::min(held_.find_first_not_of(" \t\r\n"), held_.size());
    const std::string_view rest = std::string_view(held_).substr(space);
    if (rest == tags_->close) {
      held_.clear();
      drop_space_ = true;
      mode_ = Mode::kStart;
    } else if (!tags_->close.starts_with(rest)) {
      const std::string all = std::exchange(held_, {});
      const bool may_begin = is_json_space(c) || c == tags_->close[0];
      if (may_begin) held_ = c;
      emit_reasoning(std::string_view(all).substr(0, all.size() - (may_begin ? 1 : 0)));
    }
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
      for (const Envelope& envelope : envelopes_of(options_.style)) {
        if (envelope.open == held_) {
          held_.clear();
          return begin_payload(envelope);
        }
        may_open |= envelope.open.starts_with(held_);
      }
      if (may_open) return;
      emit_text(std::string_view(held_).substr(0, 1));
      held_.erase(0, 1);
    }
  }

  // --- calls

  void begin_payload(const Envelope& envelope) {
    envelope_ = &envelope;
    raw_ = envelope.open;
    ended_call_ = false;
    mode_ = Mode::kCall;
    const Json* known = options_.tools.is_array() ? &options_.tools : nullptr;
    switch (envelope.payload) {
      case PayloadKind::kTagged:
        payload_ = std::make_unique<TaggedPayload>(*this, known);
        break;
      case PayloadKind::kJson:
        payload_ = json_payload(*this, {});
        break;
      case PayloadKind::kMistral:
        payload_ = mistral_payload(*this);
        break;
      case PayloadKind::kMarkedPython:
        payload_ = python_payload(*this, "</code>", known);
        break;
      case PayloadKind::kFunctionTag:
        payload_ = xml_payload(*this, known);
        for (const char c : envelope.open) payload_->feed(c);  // the marker is part of the payload
        break;
      case PayloadKind::kBareJson:
        payload_ = json_payload(*this, {.tools = known, .repeated = true});
        break;
      case PayloadKind::kBarePython:
        payload_ = python_payload(*this, "", known);
        break;
    }
  }

  void feed_call(char c) {
    switch (payload_->feed(c)) {
      case ToolPayload::Status::kMore:
        raw_ += c;
        if (std::exchange(ended_call_, false)) raw_.clear();
        return;
      case ToolPayload::Status::kDone:
        return end_payload();
      case ToolPayload::Status::kFailed:
        if (payload_->complete()) {  // white space at most since the last call, then something else
          space_ = std::exchange(raw_, {});
          end_payload();
        } else {
          abandon();
        }
        return feed(c);
    }
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
  Mode mode_ = Mode::kStart;
  std::vector<ToolEvent> events_;
  int index_ = 0;            // of the open call, or the next one
  std::string held_;         // may still become a marker
  std::string space_;        // white space that a call or the end may follow
  bool at_edge_ = true;      // at the start, or behind a call: white space goes to space_
  bool drop_space_ = false;  // behind the reasoning: space_ is no text even before text
  bool any_reasoning_ = false;
  const ReasoningTags* tags_ = nullptr;

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

ToolCallStyle detect_tool_call_style(std::string_view source) {
  const auto has = [&](std::string_view part) { return source.find(part) != source.npos; };
  if (has("[TOOL_CALLS]")) return ToolCallStyle::kMistral;
  if (has("<|START_ACTION|>")) return ToolCallStyle::kAction;
  if (has("<|tool_call|>")) return ToolCallStyle::kMarked;
  if (has("<tool_call>") || has("<function=")) return ToolCallStyle::kTagged;
  // Llama's templates describe a list of calls by this example.
  if (has("<|python_start|>") || has("func_name1(")) return ToolCallStyle::kPythonic;
  if (has("<|python_tag|>") || (has("\"parameters\": ") && has("ipython"))) {
    return ToolCallStyle::kBareJson;
  }
  return ToolCallStyle::kNone;
}

std::vector<std::string_view> tool_call_markers(ToolCallStyle style) {
  std::vector<std::string_view> markers;
  for (const Envelope& envelope : envelopes_of(style)) {
    markers.push_back(envelope.open);
    if (!envelope.close.empty()) markers.push_back(envelope.close);
  }
  if (style == ToolCallStyle::kMistral)
    markers.insert(markers.end(), std::begin(kInnerMarkers), std::end(kInnerMarkers));
  return markers;
}

std::vector<std::pair<std::string_view, std::string_view>> reasoning_markers() {
  std::vector<std::pair<std::string_view, std::string_view>> markers;
  for (const ReasoningTags& tags : kReasoningTags) markers.emplace_back(tags.open, tags.close);
  return markers;
}

std::string_view tool_call_style_name(ToolCallStyle style) {
  switch (style) {
    case ToolCallStyle::kNone:
      return "none";
    case ToolCallStyle::kTagged:
      return "tagged";
    case ToolCallStyle::kBareJson:
      return "bare-json";
    case ToolCallStyle::kMistral:
      return "mistral";
    case ToolCallStyle::kMarked:
      return "marked";
    case ToolCallStyle::kAction:
      return "action";
    case ToolCallStyle::kPythonic:
      return "pythonic";
  }
  return "none";
}

bool prompt_opens_reasoning(std::string_view prompt) {
  const std::size_t end = prompt.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return false;
  prompt = prompt.substr(0, end + 1);
  return std::any_of(std::begin(kReasoningTags), std::end(kReasoningTags),
                     [&](const ReasoningTags& tags) { return prompt.ends_with(tags.open); });
}

}  // namespace parley::text
