// load_tokenizer(): which file of a model folder is its tokenizer.
#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "text/sentence_piece_model.hpp"
#include "text/tiktoken.hpp"
#include "text/tokenizer_json.hpp"

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

TokenizerHints read_hints(const fs::path& folder) {
  TokenizerHints hints;
  if (const fs::path jinja = folder / "chat_template.jinja"; fs::exists(jinja))
    hints.chat_template = read_file(jinja, kMaxFile);
  const fs::path path = folder / "tokenizer_config.json";
  if (!fs::exists(path)) return hints;
  const Json config = read_json_file(path);
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

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& model_dir) {
  const fs::path json = model_dir / "tokenizer.json", model = model_dir / "tokenizer.model";
  if (fs::exists(json))
    return tokenizer_from_json(read_file(json, kMaxFile), json.string(), read_hints(model_dir));
  if (fs::exists(model)) {
    const std::string bytes = read_file(model, kMaxFile);
    if (holds_ranks(bytes)) {
      return tokenizer_from_ranks(bytes, model.string(), TiktokenSplit::kLlama3,
                                  read_hints(model_dir));
    }
    return tokenizer_from_sentence_piece(bytes, model.string(), read_hints(model_dir));
  }
  if (const auto ranks = ranks_file(model_dir)) {
    return tokenizer_from_ranks(read_file(*ranks, kMaxFile), ranks->string(),
                                tiktoken_split_of(*ranks), read_hints(model_dir));
  }
  fail(ErrorKind::kNotFound, model_dir.string() + ": has no tokenizer",
       "looked for tokenizer.json, tokenizer.model and *.tiktoken");
}

}  // namespace parley::text
