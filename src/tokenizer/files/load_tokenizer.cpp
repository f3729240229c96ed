// load_tokenizer(): which of a model's files is its tokenizer.
#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tiktoken.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/files/tokens_beside.hpp"

namespace parley::text {
namespace {

// The ranks of Llama 3 are published under SentencePiece's usual file name.
bool holds_ranks(std::string_view text) {
  const std::string_view line = text.substr(0, std::min<std::size_t>(text.find('\n'), 200));
  return !line.empty() &&
         std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::optional<std::string> ranks_file(const NamedFiles& files) {
  const auto found = files.list("", ".tiktoken");
  if (found.size() > 1) {
    fail(ErrorKind::kInvalidInput, files.where() + ": has more than one *.tiktoken file",
         "keep the one that belongs to the model");
  }
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const NamedFiles& files, TokenizerHints hints) {
  read_tokens_beside(files, hints);
  const auto json = files.read("tokenizer.json");
  if (json) return tokenizer_from_json(*json, files.path_of("tokenizer.json"), hints);
  if (const auto bytes = files.read("tokenizer.model")) {
    const std::string name = files.path_of("tokenizer.model");
    if (holds_ranks(*bytes))
      return tokenizer_from_ranks(*bytes, name, TiktokenSplit::kLlama3, hints);
    return tokenizer_from_sentence_piece(*bytes, name, hints);
  }
  if (const auto ranks = ranks_file(files)) {
    return tokenizer_from_ranks(files.read(*ranks).value(), files.path_of(*ranks),
                                tiktoken_split_of(files, *ranks), hints);
  }
  fail(ErrorKind::kNotFound, files.where() + ": has no tokenizer",
       "looked for tokenizer.json, tokenizer.model and *.tiktoken");
}

}  // namespace parley::text
