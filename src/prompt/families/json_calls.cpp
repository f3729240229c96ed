// Calls as JSON: the object that Hermes, Llama, Mistral, Phi, Granite and Command R share, under
// various keys.
#include <algorithm>
#include <optional>

#include "prompt/families/arguments.hpp"
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxShortValue = 4096;  // bytes of a name, an id, a key

// The text of a JSON string that JsonScanner has accepted; nothing where it is no string.
std::optional<std::string> string_of(std::string_view json) {
  if (json.empty() || json[0] != '"') return std::nullopt;
  const std::optional<Json> value = try_parse_json(json);
  if (!value || !value->is_string()) return std::nullopt;
  return value->get<std::string>();
}

// One object. Its arguments are passed on as they come once the name is known; where they come
// first, or as text, they are kept until then.
class CallObject {
 public:
  CallObject(ToolCallSink& sink, const JsonCalls& calls) : sink_(sink), calls_(calls) {}

  // False once this is no call. done() after the closing brace.
  bool feed(char c) {
    return std::ranges::all_of(in_json(scanner_, c), [this](char each) { return take(each); });
  }

  bool done() const { return scanner_.state() == State::kDone; }

  // Passes on the arguments that have come since.
  void flush() {
    if (!begun_ || pending_.empty()) return;
    sink_.add_arguments(pending_);
    pending_.clear();
  }

 private:
  using State = JsonScanner::State;
  enum class Member { kName, kId, kArguments, kOther };

  bool take(char c) {
    const State before = scanner_.state();
    const std::size_t depth = scanner_.depth();
    if (!scanner_.feed(c)) return false;
    const State after = scanner_.state();
    if (depth == 0) return after == State::kKeyOrEnd;  // the opening brace
    if (depth == 1) {
      if (before == State::kKeyOrEnd || before == State::kKey) {
        key_.clear();
        in_key_ = after == State::kString;
      }
      if (in_key_) {
        if (key_.size() > kMaxShortValue) return false;
        if (!is_json_space(c) || after == State::kString) key_ += c;
        if (after != State::kColon) return finish_object();
        in_key_ = false;
        return begin_member();
      }
      if (before == State::kColon && after == State::kValue) return true;
      if (before == State::kValue && after != State::kValue) in_value_ = true;
    }
    if (in_value_) {
      const bool ended = (after == State::kAfterValue && scanner_.depth() == 1) ||
                         (before == State::kNumber && after != State::kNumber && depth == 1);
      if (before != State::kNumber || after == State::kNumber || depth > 1) {
        if (!add_value(c)) return false;
      }
      if (ended && !end_member()) return false;
    }
    return finish_object();
  }

  bool begin_member() {
    const std::string key = string_of(key_).value_or("");
    value_.clear();
    if (key == "name" || key == "tool_name" || key == "function") {
      if (!name_.empty()) return false;
      member_ = Member::kName;
    } else if (key == "id" || key == "tool_call_id" || key == "call_id") {
      member_ = Member::kId;
    } else if (key == "arguments" || key == "parameters") {
      if (has_arguments_) return false;
      member_ = Member::kArguments;
    } else {
      member_ = Member::kOther;
      return key == "type";  // an object with other members is an answer in JSON, not a call
    }
    return true;
  }

  bool add_value(char c) {
    if (member_ != Member::kArguments) {
      value_ += c;
      return value_.size() <= kMaxShortValue;
    }
    if (!has_arguments_) {
      has_arguments_ = true;
      as_text_ = c == '"';
      if (c != '{' && c != '"' && c != 'n') return false;  // null: no arguments
      is_null_ = c == 'n';
    }
    (as_text_ ? value_ : pending_) += c;
    return true;
  }

  bool end_member() {
    in_value_ = false;
    switch (member_) {
      case Member::kName: {
        const auto name = string_of(value_);
        if (!name || begun_ || !may_call(calls_.tools, *name)) return false;
        name_ = *name;
        break;
      }
      case Member::kId:
        id_ = string_of(value_).value_or(value_);
        break;
      case Member::kArguments:
        if (as_text_) {  // JSON inside a JSON string
          const std::string inner = string_of(value_).value_or("");
          const std::optional<Json> read = try_parse_json(inner);
          if (!read || !read->is_object()) return false;
          pending_ = inner;
        }
        if (is_null_) pending_ = "{}";
        arguments_ended_ = true;
        break;
      case Member::kOther:
        break;
    }
    return true;
  }

  // The call begins when its arguments do, so that an id before them is known.
  bool finish_object() {
    const bool streaming = has_arguments_ && !as_text_ && !is_null_;
    const bool may_begin = !calls_.id_last || !id_.empty();
    const bool ready = !name_.empty() && (done() || (may_begin && (streaming || arguments_ended_)));
    if (ready && !begun_) {
      begun_ = true;
      sink_.begin_call(name_, id_);
    }
    if (!done()) return true;
    if (!begun_) return false;
    if (!has_arguments_) pending_ = "{}";
    flush();
    return sink_.end_call();
  }

  ToolCallSink& sink_;
  const JsonCalls& calls_;
  JsonScanner scanner_;
  std::string key_, value_, name_, id_;
  std::string pending_;  // arguments not yet passed on
  Member member_ = Member::kOther;
  bool in_key_ = false, in_value_ = false;
  bool has_arguments_ = false, as_text_ = false, is_null_ = false, arguments_ended_ = false;
  bool begun_ = false;
};

class JsonPayload : public ToolPayload {
 public:
  JsonPayload(ToolCallSink& sink, const JsonCalls& calls) : sink_(sink), calls_(calls) {}

  Status feed(char c) override {
    if (object_) {
      if (!object_->feed(c)) return Status::kFailed;
      if (!object_->done()) {
        object_->flush();
        return Status::kMore;
      }
      object_.reset();
      any_ = true;
      return in_list_ || calls_.repeated ? Status::kMore : Status::kDone;
    }
    if (is_json_space(c)) return Status::kMore;
    if (c == '{' && expects_object()) {
      separated_ = false;
      object_.emplace(sink_, calls_);
      return object_->feed(c) ? Status::kMore : Status::kFailed;
    }
    if (c == '[' && !in_list_ && !any_) {
      in_list_ = true;
      return Status::kMore;
    }
    if (in_list_ && c == ']' && any_ && !separated_) return Status::kDone;
    if (any_ && !separated_ && c == (in_list_ ? ',' : ';')) {
      separated_ = true;
      return Status::kMore;
    }
    return Status::kFailed;
  }

  bool complete() const override { return any_ && !object_ && !in_list_ && !separated_; }

 private:
  bool expects_object() const { return !any_ || separated_ || (calls_.repeated && !in_list_); }

  ToolCallSink& sink_;
  const JsonCalls calls_;
  std::optional<CallObject> object_;
  bool in_list_ = false, any_ = false, separated_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> json_payload(ToolCallSink& sink, const JsonCalls& calls) {
  return std::make_unique<JsonPayload>(sink, calls);
}

}  // namespace parley::text
