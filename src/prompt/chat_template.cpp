#include "prompt/chat_template.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley::text {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTokenNames[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                            "pad_token", "cls_token", "mask_token"};
constexpr const char* kRoles[] = {"system", "developer", "user", "assistant", "tool", "function"};
constexpr std::size_t kMaxConfigBytes = std::size_t{64} << 20;  // added_tokens can be many

// A file's JSON object; an empty one where there is no such file.
Json read_config(const fs::path& path) {
  if (!fs::exists(path)) return Json::object();
  Json config = read_json_file(path, kMaxConfigBytes, RepeatedName::kLastHolds);
  if (!config.is_object()) {
    fail(ErrorKind::kInvalidInput, path.string() + ": expected a JSON object",
         "download the model again");
  }
  return config;
}

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

std::string read_template(const fs::path& path) {
  return read_file(path, jinja::Limits().max_template_bytes + 1);
}

std::vector<fs::path> additional_templates(const fs::path& folder) {
  std::vector<fs::path> out;
  const fs::path more = folder / "additional_chat_templates";
  if (!fs::is_directory(more)) return out;
  for (const auto& entry : fs::directory_iterator(more)) {
    if (entry.path().extension() == ".jinja") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// The program gives the roles, an assistant wrote what it said. Its calls are data that it may have
// copied from anywhere, its reasoning stands between marks that the template writes.
jinja::Authors authors_of(const Json& messages) {
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

[[noreturn]] void refuse_config(const fs::path& path) {
  fail(ErrorKind::kInvalidInput,
       path.string() + ": chat_template: expected text, or a list of {\"name\", \"template\"}",
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

void ChatTemplate::add(const std::string& name, std::string_view source, std::string where) {
  templates_.insert_or_assign(
      name, Named{std::string(source), jinja::Template(source, std::move(where))});
}

bool ChatTemplate::exists(const fs::path& folder) {
  if (fs::exists(folder / "chat_template.jinja") || fs::exists(folder / "chat_template.json")) {
    return true;
  }
  return read_config(folder / "tokenizer_config.json").contains("chat_template");
}

ChatTemplate ChatTemplate::load(const fs::path& folder) {
  const fs::path config_path = folder / "tokenizer_config.json";
  const Json config = read_config(config_path);
  ChatTemplate out;
  out.special_tokens_ =
      read_special_tokens(config, read_config(folder / "special_tokens_map.json"));
  const fs::path file = folder / "chat_template.jinja";
  if (fs::exists(file)) {
    out.add("default", read_template(file), file.string());
    for (const fs::path& more : additional_templates(folder)) {
      out.add(more.stem().string(), read_template(more), more.string());
    }
    return out;
  }
  const fs::path json_path = folder / "chat_template.json";
  const Json from_file = read_config(json_path);
  const fs::path& where = from_file.contains("chat_template") ? json_path : config_path;
  const Json& holder = from_file.contains("chat_template") ? from_file : config;
  const auto found = holder.find("chat_template");
  if (found == holder.end() || found->is_null()) {
    fail(ErrorKind::kNotFound, folder.string() + ": the model has no chat template",
         "use a model made for chat, or put a chat_template.jinja beside tokenizer_config.json");
  }
  if (found->is_string()) {
    out.add("default", found->get_ref<const std::string&>(), where.string() + ": chat_template");
    return out;
  }
  if (!found->is_array() || found->empty()) refuse_config(where);
  for (const Json& entry : *found) {
    const bool named = entry.is_object() && entry.contains("name") && entry["name"].is_string() &&
                       entry.contains("template") && entry["template"].is_string();
    if (!named) refuse_config(where);
    const std::string name = entry["name"].get<std::string>();
    out.add(name, entry["template"].get_ref<const std::string&>(),
            where.string() + ": chat_template " + name);
  }
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
  return chosen(!input.tools.is_null()).parsed.render(variables, clock, authors_of(input.messages));
}

}  // namespace parley::text
