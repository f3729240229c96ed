#include "prompt/chat_template.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace parley::text {
namespace {

constexpr const char* kFile = "chat_template.jinja";
constexpr const char* kMoreFiles = "additional_chat_templates";  // a folder of them
constexpr const char* kJsonFile = "chat_template.json";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr std::string_view kTokenNames[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                            "pad_token", "cls_token", "mask_token"};
constexpr std::string_view kOwnNames[] = {"messages", "tools", "documents",
                                          "add_generation_prompt"};
constexpr const char* kRoles[] = {"system", "developer", "user", "assistant", "tool", "function"};

// A special token is its text, or an object with the text in "content".
const Json* token_text(const Json& config, std::string_view name) {
  const auto at = config.find(name);
  if (at == config.end()) return nullptr;
  if (at->is_string()) return &*at;
  if (!at->is_object()) return nullptr;
  const auto content = at->find("content");
  return content != at->end() && content->is_string() ? &*content : nullptr;
}

Json read_special_tokens(const Json& config, const Json& map) {
  Json out = Json::object();
  for (const std::string_view name : kTokenNames) {
    const Json* text = config.contains(name) ? token_text(config, name) : token_text(map, name);
    if (text != nullptr) out[std::string(name)] = text->get<std::string>();
  }
  return out;
}

std::string read_template(const NamedFiles& files, const std::string& name) {
  return files.read(name, jinja::Limits().max_template_bytes + 1).value_or("");
}

// What a configuration has as "chat_template"; null where it has none.
const Json* template_in(const Json& config) {
  const auto found = config.find("chat_template");
  return found == config.end() || found->is_null() ? nullptr : &*found;
}

// Adds the text of one template, or of a list of named ones.
void append_sources(const Json& config, std::string& out) {
  const Json* found = template_in(config);
  if (found == nullptr) return;
  for (const Json& each : found->is_array() ? *found : Json::array({*found})) {
    const Json source = each.is_object() ? each.value("template", Json()) : each;
    if (source.is_string()) out += source.get_ref<const std::string&>() + "\n";
  }
}

// The program gives the roles, an assistant wrote what it said. Its calls are data that it may have
// copied from anywhere, its reasoning stands between marks that the template writes.
jinja::Authors message_authors(const Json& messages) {
  jinja::Authors out;
  if (!messages.is_array()) return out;
  for (const Json& message : messages) {
    const auto role = message.is_object() ? message.find("role") : message.end();
    if (!message.is_object() || role == message.end()) continue;
    const bool known = std::any_of(std::begin(kRoles), std::end(kRoles),
                                   [&](const char* name) { return *role == name; });
    if (known) out.emplace(&*role, jinja::Author::kTemplate);
    const auto content = message.find("content");
    if (*role == "assistant" && content != message.end())
      out.emplace(&*content, jinja::Author::kAssistant);
  }
  return out;
}

// Whether `word` stands in `text`, not as a part of a longer one.
bool has_word(std::string_view text, std::string_view word) {
  const auto part = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  if (word.empty() || !std::ranges::all_of(word, part)) return false;
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !part(text[at - 1])) && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

[[noreturn]] void refuse_config(const std::string& where) {
  fail(ErrorKind::kInvalidInput,
       where + ": chat_template: expected text, or a list of {\"name\", \"template\"}",
       "download the model again");
}

}  // namespace

Json messages_json(const std::vector<ChatMessage>& messages) {
  Json out = Json::array();
  for (const ChatMessage& message : messages) {
    out.push_back({{"role", message.role}, {"content", message.content}});
  }
  return out;
}

ChatTemplate::ChatTemplate(std::string_view source, std::string name, Json special_tokens)
    : special_tokens_(std::move(special_tokens)) {
  add({"default", std::string(source), std::move(name), ""});
}

ChatTemplate::ChatTemplate(const std::vector<Source>& sources, Json special_tokens)
    : special_tokens_(std::move(special_tokens)) {
  for (const Source& each : sources) add(each);
}

void ChatTemplate::add(const Source& source) {
  try {
    jinja::Template parsed(source.text, source.where);
    const TemplateHabits habits = habits_of(parsed, source.text, special_tokens_);
    templates_.insert_or_assign(source.name, Named{source.text, std::move(parsed), habits});
  } catch (const Error& error) {
    fail(error.kind(), source.file + error.message(), error.hint());
  }
}

bool ChatTemplate::exists(const NamedFiles& files) {
  return files.has(kFile) || template_in(files.read_object(kJsonFile)) != nullptr ||
         template_in(files.read_object(kConfig)) != nullptr;
}

ChatTemplate ChatTemplate::load(const NamedFiles& files) {
  const Json config = files.read_object(kConfig);
  const std::string folder = files.path_of("");
  ChatTemplate out;
  out.special_tokens_ = read_special_tokens(config, files.read_object("special_tokens_map.json"));
  if (files.has(kFile)) {
    out.add({"default", read_template(files, kFile), kFile, folder});
    for (const std::string& more : files.list(kMoreFiles, ".jinja")) {
      const std::string name = std::filesystem::path(more).stem().string();
      out.add({name, read_template(files, more), more, folder});
    }
    return out;
  }
  const Json from_file = files.read_object(kJsonFile);
  const bool in_file = template_in(from_file) != nullptr;
  const std::string where = in_file ? kJsonFile : kConfig;
  const Json* found = template_in(in_file ? from_file : config);
  if (found == nullptr) {
    fail(ErrorKind::kNotFound, files.where() + ": the model has no chat template",
         "use a model made for chat, or put a chat_template.jinja beside tokenizer_config.json");
  }
  if (found->is_string()) {
    out.add({"default", found->get<std::string>(), where + ": chat_template", folder});
    return out;
  }
  if (!found->is_array() || found->empty()) refuse_config(folder + where);
  for (const Json& entry : *found) {
    const bool named = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                       entry.contains("template") && entry["template"].is_string();
    if (!named) refuse_config(folder + where);
    const std::string name = entry["name"].get<std::string>();
    out.add(
        {name, entry["template"].get<std::string>(), where + ": chat_template " + name, folder});
  }
  return out;
}

std::string ChatTemplate::all_sources(const NamedFiles& files) {
  std::string out;
  if (files.has(kFile)) out += read_template(files, kFile) + "\n";
  for (const std::string& more : files.list(kMoreFiles, ".jinja"))
    out.append(read_template(files, more)).append("\n");
  append_sources(files.read_object(kJsonFile), out);
  append_sources(files.read_object(kConfig), out);
  return out;
}

const ChatTemplate::Named& ChatTemplate::chosen(bool with_tools) const {
  const auto tools = templates_.find("tool_use");
  if (with_tools && tools != templates_.end()) return tools->second;
  const auto usual = templates_.find("default");
  if (usual != templates_.end()) return usual->second;
  if (templates_.size() == 1) return templates_.begin()->second;
  fail(ErrorKind::kInvalidInput, "the model has several chat templates, none of them 'default'",
       "put the one to use into chat_template.jinja beside tokenizer_config.json");
}

void ChatTemplate::expect_variables(const Json& extra, bool with_tools) const {
  if (!extra.is_object()) {
    fail(ErrorKind::kInvalidInput, "the chat template's variables: expected an object",
         "give names and their values, as in {\"enable_thinking\": false}");
  }
  const std::string& source = chosen(with_tools).source;
  for (const auto& [name, value] : extra.items()) {
    const bool taken = std::ranges::find(kOwnNames, name) != std::end(kOwnNames) ||
                       std::ranges::find(kTokenNames, name) != std::end(kTokenNames) ||
                       jinja::is_global(name);
    if (taken) {
      fail(ErrorKind::kInvalidInput,
           "the chat template's variable '" + name + "' is set by the program", "leave it out");
    }
    if (!has_word(source, name)) {
      fail(ErrorKind::kInvalidInput, "this model's chat template has no variable '" + name + "'",
           "leave it out");
    }
  }
}

jinja::Rendered ChatTemplate::render(const ChatInput& input, const Clock& clock) const {
  const bool with_tools = !input.tools.is_null();
  expect_variables(input.extra, with_tools);
  const Named& named = chosen(with_tools);
  const Json messages = fit_messages(input.messages, input.tools, named.habits);
  // As transformers does: tools and documents are always there, none where not given.
  jinja::Variables variables;
  for (const auto& [name, value] : special_tokens_.items())
    variables.push_back({name, &value, jinja::Author::kTemplate});
  for (const auto& [name, value] : input.extra.items()) variables.push_back({name, &value});
  const Json add_generation_prompt = input.add_generation_prompt;
  variables.insert(variables.end(), {{"messages", &messages},
                                     {"tools", &input.tools},
                                     {"documents", &input.documents},
                                     {"add_generation_prompt", &add_generation_prompt}});
  return named.parsed.render(variables, clock, message_authors(messages));
}

}  // namespace parley::text
