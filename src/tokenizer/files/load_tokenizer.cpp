// load_tokenizer(): which file of a model folder is its tokenizer.
#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "tokenizer/files/json_vocabulary.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tiktoken.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::text {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 256u << 20;
constexpr const char* kMoreTemplates = "additional_chat_templates";  // a folder of them

// "bos_token" is a string, or an object with "content", or null.
std::string token_name(const Json& config, const char* key) {
  const Json value = config.value(key, Json());
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return {};
  const Json content = value.value("content", Json());
  return content.is_string() ? content.get<std::string>() : std::string();
}

int said(const Json& config, const char* key) {
  const Json value = config.value(key, Json());
  return value.is_boolean() ? (value.get<bool>() ? 1 : 0) : -1;
}

// A model's files by name, of a folder its templates; nothing for what is not there.
using FindFile = std::function<std::optional<std::string>(const std::string& name)>;

FindFile files_of(const fs::path& folder) {
  return [folder](const std::string& name) -> std::optional<std::string> {
    const fs::path path = folder / name;
    if (!fs::exists(path)) return std::nullopt;
    if (!fs::is_directory(path)) return read_file(path, kMaxFile);
    std::set<fs::path> files;  // in order
    for (const auto& entry : fs::directory_iterator(path)) files.insert(entry.path());
    std::string all;
    for (const fs::path& file : files) {
      if (file.extension() == ".jinja") all += read_file(file, kMaxFile) + "\n";
    }
    return all;
  };
}

// A file's JSON object; an empty one where there is none.
Json object_of(const FindFile& find, const std::string& name, const std::string& where) {
  const auto text = find(name);
  Json root = text ? parse_json(*text, where + "/" + name, kJsonDepth, RepeatedName::kLastHolds)
                   : Json::object();
  return root.is_object() ? root : Json::object();
}

// One template, or a list of named ones.
void add_templates(const Json& config, TokenizerHints& hints) {
  const auto found = config.find("chat_template");
  if (found == config.end()) return;
  for (const Json& each : found->is_array() ? *found : Json::array({*found})) {
    const Json source = each.is_object() ? each.value("template", Json()) : each;
    if (source.is_string()) hints.chat_template += source.get<std::string>() + "\n";
  }
}

// An id, or a list of them.
void add_ends(const Json& config, TokenizerHints& hints) {
  const Json ends = config.value("eos_token_id", Json());
  for (const Json& id : ends.is_array() ? ends : Json::array({ends})) {
    if (id.is_number_integer() && id >= 0 && id < kMaxVocabulary)
      hints.ends.push_back(id.get<TokenId>());
  }
}

TokenizerHints read_hints(const FindFile& find, const std::string& where) {
  TokenizerHints hints;
  if (const auto jinja = find("chat_template.jinja")) hints.chat_template = *jinja + "\n";
  if (const auto more = find(kMoreTemplates)) hints.chat_template += *more;
  add_templates(object_of(find, "chat_template.json", where), hints);
  for (const char* name : {"config.json", "generation_config.json"}) {
    const Json config = object_of(find, name, where);
    add_ends(config, hints);
    const Json text_model = config.value("text_config", Json());
    if (text_model.is_object()) add_ends(text_model, hints);
  }
  const Json config = object_of(find, "tokenizer_config.json", where);
  hints.bos = token_name(config, "bos_token");
  hints.eos = token_name(config, "eos_token");
  hints.add_bos = said(config, "add_bos_token");
  hints.add_eos = said(config, "add_eos_token");
  add_templates(config, hints);
  return hints;
}

// The ranks of Llama 3 are published under SentencePiece's usual file name.
bool holds_ranks(std::string_view text) {
  const std::string_view line = text.substr(0, std::min<std::size_t>(text.find('\n'), 200));
  return !line.empty() &&
         std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<fs::path> ranks_file(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".tiktoken") found.push_back(entry.path());
  }
  if (found.size() > 1) {
    fail(ErrorKind::kInvalidInput, folder.string() + ": has more than one *.tiktoken file",
         "keep the one that belongs to the model");
  }
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

// From tokenizer.json or tokenizer.model; null when neither is there.
std::unique_ptr<Tokenizer> find_tokenizer(const FindFile& find, const std::string& where) {
  if (const auto json = find("tokenizer.json"))
    return tokenizer_from_json(*json, where + "/tokenizer.json", read_hints(find, where));
  const auto bytes = find("tokenizer.model");
  if (!bytes) return nullptr;
  const std::string name = where + "/tokenizer.model";
  if (holds_ranks(*bytes))
    return tokenizer_from_ranks(*bytes, name, TiktokenSplit::kLlama3, read_hints(find, where));
  return tokenizer_from_sentence_piece(*bytes, name, read_hints(find, where));
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& model_dir) {
  const FindFile find = files_of(model_dir);
  if (auto tokenizer = find_tokenizer(find, model_dir.string())) return tokenizer;
  if (const auto ranks = ranks_file(model_dir)) {
    return tokenizer_from_ranks(read_file(*ranks, kMaxFile), ranks->string(),
                                tiktoken_split_of(*ranks), read_hints(find, model_dir.string()));
  }
  fail(ErrorKind::kNotFound, model_dir.string() + ": has no tokenizer",
       "looked for tokenizer.json, tokenizer.model and *.tiktoken");
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::map<std::string, std::string>& files,
                                          const std::string& where) {
  const FindFile find = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = files.find(name);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  if (auto tokenizer = find_tokenizer(find, where)) return tokenizer;
  fail(ErrorKind::kNotFound, where + ": has no tokenizer",
       "looked for tokenizer.json and tokenizer.model");
}

}  // namespace parley::text
