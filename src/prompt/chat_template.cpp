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
  add("default", source, std::move(name));
}

ChatTemplate::ChatTemplate(const std::vector<Source>& sources, Json special_tokens)
    : special_tokens_(std::move(special_tokens)) {
  for (const Source& each : sources) add(each.name, each.text, each.where);
}

void ChatTemplate::add(const std::string& name, std::string_view source, std::string where) {
  templates_.insert_or_assign(
      name, Named{std::string(source), jinja::Template(source, std::move(where))});
}

bool ChatTemplate::exists(const NamedFiles& files) {
  return files.has(kFile) || template_in(files.read_object(kJsonFile)) != nullptr ||
         template_in(files.read_object(kConfig)) != nullptr;
}

ChatTemplate ChatTemplate::load(const NamedFiles& files) {
  const Json config = files.read_object(kConfig);
  ChatTemplate out;
  out.special_tokens_ = read_special_tokens(config, files.read_object("special_tokens_map.json"));
  if (files.has(kFile)) {
    out.add("default", read_template(files, kFile), files.path_of(kFile));
    for (const std::string& more : files.list(kMoreFiles, ".jinja")) {
      const std::string name = std::filesystem::path(more).stem().string();
      out.add(name, read_template(files, more), files.path_of(more));
    }
    return out;
  }
  const Json from_file = files.read_object(kJsonFile);
  const bool in_file = template_in(from_file) != nullptr;
  const std::string where = files.path_of(in_file ? kJsonFile : kConfig);
  const Json* found = template_in(in_file ? from_file : config);
  if (found == nullptr) {
    fail(ErrorKind::kNotFound, files.where() + ": the model has no chat template",
         "use a model made for chat, or put a chat_template.jinja beside tokenizer_config.json");
  }
  if (found->is_string()) {
    out.add("default", found->get_ref<const std::string&>(), where + ": chat_template");
    return out;
  }
  if (!found->is_array() || found->empty()) refuse_config(where);
  for (const Json& entry : *found) {
    const bool named = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                       entry.contains("template") && entry["template"].is_string();
    if (!named) refuse_config(where);
    const std::string name = entry["name"].get<std::string>();
    out.add(name, entry["template"].get_ref<const std::string&>(),
            where + ": chat_template " + name);
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

jinja::Rendered ChatTemplate::render(const ChatInput& input, const Clock& clock) const {
  // As transformers does: tools and documents are always there, none where not given. Special
  // tokens come first, so that anything else of their name counts.
  jinja::Variables variables;
  for (const auto& [name, value] : special_tokens_.items())
    variables.push_back({name, &value, jinja::Author::kTemplate});
  const Json add_generation_prompt = input.add_generation_prompt;
  const jinja::Variables own = {{"messages", &input.messages},
                                {"tools", &input.tools},
                                {"documents", &input.documents},
                                {"add_generation_prompt", &add_generation_prompt}};
  for (const auto& [name, value] : input.extra.items()) {
    const bool taken = std::any_of(own.begin(), own.end(),
                                   [&](const auto& variable) { return variable.name == name; });
    if (taken) {
      fail(ErrorKind::kUsage, "the chat template variable '" + name + "' is given twice",
           "leave it out of the extra variables");
    }
    variables.push_back({name, &value});
  }
  variables.insert(variables.end(), own.begin(), own.end());
  return chosen(!input.tools.is_null())
      .parsed.render(variables, clock, message_authors(input.messages));
}

}  // namespace parley::text
