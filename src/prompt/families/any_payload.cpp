// Calls of which the first byte tells the form; the makers that families share.
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

class AnyPayload : public ToolPayload {
 public:
  AnyPayload(ToolCallSink& sink, const AnyForm& form)
      : sink_(sink), form_(form), in_language_(form.fence) {}

  Status feed(char c) override {
    if (inner_) return inner_->feed(c);
    if (in_language_) {
      if (is_letter(c) && ++language_ <= kMaxLanguage) return Status::kMore;
      in_language_ = false;
    }
    if (is_json_space(c)) return Status::kMore;
    if (bracket_) {  // a list of objects, or of Python's calls
      inner_ = c == '{' ? json_payload(sink_, {.tools = form_.tools, .id_last = true})
                        : python_payload(sink_, {.tools = form_.tools, .brackets = true});
      inner_->feed('[');
      return inner_->feed(c);
    }
    if (c == '[') {
      bracket_ = true;
      return Status::kMore;
    }
    if (c == '{') {
      inner_ = json_payload(sink_, {.tools = form_.tools, .repeated = true});
    } else if (c == '<' && form_.xml) {
      inner_ = xml_payload(sink_, form_.types);
    } else if (is_letter(c) && form_.arg_keys) {
      inner_ = arg_key_payload(sink_, form_.types);
    } else if (is_letter(c) && form_.python_lines) {
      inner_ = python_payload(sink_, {.tools = form_.tools});
    }
    return inner_ ? inner_->feed(c) : Status::kFailed;
  }

  bool complete() const override { return inner_ && inner_->complete(); }

 private:
  static constexpr int kMaxLanguage = 16;

  ToolCallSink& sink_;
  const AnyForm form_;
  std::unique_ptr<ToolPayload> inner_;
  bool in_language_, bracket_ = false;
  int language_ = 0;
};

}  // namespace

std::unique_ptr<ToolPayload> any_payload(ToolCallSink& sink, const AnyForm& form) {
  return std::make_unique<AnyPayload>(sink, form);
}

std::unique_ptr<ToolPayload> tagged_calls(ToolCallSink& sink, const Json* tools) {
  return any_payload(sink, {.types = tools, .xml = true, .arg_keys = true});
}

std::unique_ptr<ToolPayload> offered_calls(ToolCallSink& sink, const Json* tools) {
  return any_payload(sink, {.tools = &offered_tools(tools)});
}

std::unique_ptr<ToolPayload> fenced_calls(ToolCallSink& sink, const Json* tools) {
  return any_payload(sink, {.tools = &offered_tools(tools), .fence = true});
}

std::unique_ptr<ToolPayload> listed_calls(ToolCallSink& sink, const Json*) {
  return json_payload(sink, {});
}

std::unique_ptr<ToolPayload> bracketed_calls(ToolCallSink& sink, const Json*) {
  return python_payload(sink, {.brackets = true});
}

}  // namespace parley::text
