#include "prompt/template_habits.hpp"

#include <string>

#include "base/error.hpp"

namespace parley::text {
namespace {

constexpr const char* kSampleKey = "parley_key";
constexpr const char* kSampleValue = "parley_value";

// The one tool of the conversation.
const Json& sample_tools() {
  static const Json tools = Json::array(
      {{{"type", "function"},
        {"function",
         {{"name", "lookup"},
          {"description", "Looks up."},
          {"parameters",
           {{"type", "object"}, {"properties", {{kSampleKey, {{"type", "string"}}}}}}}}}}});
  return tools;
}

// A conversation with a call. What surrounds the call differs: templates refuse what they do not
// know.
Json sample_messages(const Json& arguments, const Json& content, bool with_system,
                     bool with_result) {
  Json messages = Json::array();
  if (with_system) messages.push_back({{"role", "system"}, {"content", "Be brief."}});
  messages.push_back({{"role", "user"}, {"content", "Hello"}});
  const Json call = {{"id", "call00000"},  // nine letters and digits, as Mistral wants it
                     {"type", "function"},
                     {"function", {{"name", "lookup"}, {"arguments", arguments}}}};
  messages.push_back(
      {{"role", "assistant"}, {"content", content}, {"tool_calls", Json::array({call})}});
  if (!with_result) return messages;
  messages.push_back(
      {{"role", "tool"}, {"name", "lookup"}, {"tool_call_id", "call00000"}, {"content", "done"}});
  return messages;
}

// What became of a conversation. Of one that the template refuses, the refusal's own words.
struct Outcome {
  bool rendered;
  std::string text;
  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
};

class Trial {
 public:
  Trial(const jinja::Template& parsed, const Json& special_tokens)
      : parsed_(parsed), special_tokens_(special_tokens) {}

  // Of the first conversation that the template takes, else of all.
  Outcome render(const Json& arguments, const Json& content) const {
    Outcome all = {false, ""};
    for (const auto& [with_system, with_result] :
         {std::pair{false, true}, {false, false}, {true, true}, {true, false}}) {
      Outcome one = render(sample_messages(arguments, content, with_system, with_result));
      if (one.rendered) return one;
      all.text += one.text;
    }
    return all;
  }

  Outcome render(const Json& messages) const {
    const Json nothing, yes = true;
    jinja::Variables variables;
    for (const auto& [name, value] : special_tokens_.items()) variables.push_back({name, &value});
    variables.insert(variables.end(), {{"messages", &messages},
                                       {"tools", &sample_tools()},
                                       {"documents", &nothing},
                                       {"add_generation_prompt", &yes}});
    try {
      return {true, parsed_.render(variables).text};
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kLimit) throw;  // another try would take as long
      return {false, error.message()};
    }
  }

 private:
  const jinja::Template& parsed_;
  const Json& special_tokens_;
};

// JSON as Python's json.dumps writes it, which is how models have seen arguments.
void append_spaced(const Json& value, std::string& out) {
  if (!value.is_structured() || value.empty()) {
    out += to_text(value);
    return;
  }
  const bool object = value.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!std::exchange(first, false)) out += ", ";
    if (object) out += to_text(Json(key)) + ": ";
    append_spaced(item, out);
  }
  out += object ? '}' : ']';
}

void fit_arguments(Json& arguments, bool as_text) {
  const std::string* text = arguments.get_ptr<const std::string*>();
  if (arguments.is_null() || (text && text->find_first_not_of(" \t\r\n") == std::string::npos)) {
    arguments = as_text ? Json("{}") : Json::object();
  } else if (text && !as_text) {
    if (auto read = try_parse_json(*text)) arguments = std::move(*read);
  } else if (!text && as_text) {
    std::string written;
    append_spaced(arguments, written);
    arguments = std::move(written);
  }
}

// The tools where a template has no other place for them: their functions, as JSON text.
void add_tools(Json& messages, const Json& tools) {
  Json functions = Json::array();
  for (const Json& tool : tools)
    functions.push_back(tool.is_object() && tool.contains("function") ? tool["function"] : tool);
  std::string text;
  append_spaced(functions, text);
  const bool has_system =
      !messages.empty() && messages[0].is_object() && messages[0].value("role", Json()) == "system";
  if (!has_system) {
    const Json system = {{"role", "system"}, {"content", ""}};
    messages.insert(messages.begin(), system);
  }
  messages[0]["tools"] = std::move(text);
}

bool reads_tools_in_system(const Trial& trial) {
  Json messages = {{{"role", "system"}, {"content", "Be brief."}},
                   {{"role", "user"}, {"content", "Hello"}}};
  const std::string name = sample_tools()[0]["function"]["name"];
  const Outcome without = trial.render(messages);
  if (!without.rendered || without.has(name)) return false;
  add_tools(messages, sample_tools());
  return trial.render(messages).has(name);
}

}  // namespace

TemplateHabits habits_of(const jinja::Template& parsed, std::string_view source,
                         const Json& special_tokens) {
  const auto has = [](std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  TemplateHabits habits;
  habits.named_thinking =
      !has(source, "reasoning_content") &&
      (has(source, ".thinking") || has(source, "['thinking']") || has(source, "[\"thinking\"]"));
  const Trial trial(parsed, special_tokens);
  const Json object = {{kSampleKey, kSampleValue}};
  std::string text;
  append_spaced(object, text);
  try {
    if (has(source, "tools")) habits.tools_in_system = reads_tools_in_system(trial);
    if (!has(source, "tool_calls")) return habits;
    const Outcome by_object = trial.render(object, "");
    if (!by_object.has(kSampleValue) || by_object.has("'" + std::string(kSampleValue)))
      habits.text_arguments = trial.render(text, "").has(text);
    const Outcome with_null = trial.render(habits.text_arguments ? Json(text) : object, nullptr);
    habits.null_content = with_null.rendered && !with_null.has("None");
  } catch (const Error&) {  // a template that goes on and on says so when it is used
  }
  return habits;
}

Json fit_messages(Json messages, const Json& tools, const TemplateHabits& habits) {
  if (!messages.is_array()) return messages;
  if (habits.tools_in_system && tools.is_array() && !tools.empty()) add_tools(messages, tools);
  for (Json& message : messages) {
    if (!message.is_object()) continue;
    const auto content = message.find("content");
    const bool nothing = content == message.end() || content->is_null();
    if (nothing && !habits.null_content) message["content"] = "";
    if (habits.named_thinking && message.contains("reasoning_content"))
      message["thinking"] = message["reasoning_content"];
    const auto calls = message.find("tool_calls");
    if (calls == message.end() || !calls->is_array()) continue;
    for (Json& call : *calls) {
      if (!call.is_object() || !call.contains("function") || !call["function"].is_object())
        continue;
      fit_arguments(call["function"]["arguments"], habits.text_arguments);
    }
  }
  return messages;
}

}  // namespace parley::text
