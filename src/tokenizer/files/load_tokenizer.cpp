// load_tokenizer(): which file of a model folder is its tokenizer.
#include <algorithm>
#include <functional>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tiktoken.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::text {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 256u << 20;

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

// A model's files by name; nothing for one that is not there.
using FindFile = std::function<std::optional<std::string>(const std::string& name)>;

FindFile files_of(const fs::path& folder) {
  return [folder](const std::string& name) -> std::optional<std::string> {
    const fs::path path = folder / name;
    if (!fs::exists(path)) return std::nullopt;
    return read_file(path, kMaxFile);
  };
}

TokenizerHints read_hints(const FindFile& find, const std::string& where) {
  TokenizerHints hints;
  if (const auto jinja = find("chat_template.jinja")) hints.chat_template = *jinja;
  const auto text = find("tokenizer_config.json");
  if (!text) return hints;
  const Json config =
      parse_json(*text, where + "/tokenizer_config.json", kJsonDepth, RepeatedName::kLastHolds);
  if (!config.is_object()) return hints;
  hints.bos = token_name(config, "bos_token");
  hints.eos = token_name(config, "eos_token");
  hints.add_bos = said(config, "add_bos_token");
  hints.add_eos = said(config, "add_eos_token");
  // One template, or a list of named ones.
  if (const auto found = config.find("chat_template"); found != config.end())
    hints.chat_template += found->is_string() ? found->get<std::string>() : to_text(*found);
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
