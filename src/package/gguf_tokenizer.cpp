#include "package/gguf_tokenizer.hpp"

#include "base/error.hpp"
#include "tokenizer/vocabulary_table.hpp"

namespace parley::engine {

std::unique_ptr<text::Tokenizer> gguf_tokenizer(const nn::GgufFile& file) {
  const std::string prefix = "tokenizer.ggml.";
  text::VocabularyTable table;
  const auto model = file.text(prefix + "model");
  const auto tokens = file.texts(prefix + "tokens");
  if (!model || !tokens) {
    fail(ErrorKind::kInvalidInput,
         file.where() + ": " + prefix + (model ? "tokens" : "model") + " is missing",
         "the file holds no tokenizer; convert the model again, with its vocabulary");
  }
  table.model = *model;
  table.pre = file.text(prefix + "pre").value_or("");
  table.tokens.assign(tokens->begin(), tokens->end());
  if (const auto scores = file.numbers(prefix + "scores")) {
    for (const double score : *scores) table.scores.push_back(static_cast<float>(score));
  }
  if (const auto types = file.integers(prefix + "token_type")) {
    for (const std::int64_t type : *types) table.types.push_back(static_cast<std::int32_t>(type));
  }
  if (const auto merges = file.texts(prefix + "merges"))
    table.merges.assign(merges->begin(), merges->end());
  const auto token = [&](const char* key) {
    const auto id = file.integer(prefix + key);
    if (!id) return text::TokenId{-1};
    if (*id < 0 || *id >= static_cast<std::int64_t>(table.tokens.size())) {
      fail(ErrorKind::kInvalidInput,
           file.where() + ": " + prefix + key + " is " + std::to_string(*id) + ", past the " +
               std::to_string(table.tokens.size()) + " tokens",
           "the file is damaged");
    }
    return static_cast<text::TokenId>(*id);
  };
  table.bos = token("bos_token_id");
  table.eos = token("eos_token_id");
  table.unknown = token("unknown_token_id");
  table.pad = token("padding_token_id");
  table.end_of_turn = token("eot_token_id");
  table.add_bos = file.flag(prefix + "add_bos_token");
  table.add_eos = file.flag(prefix + "add_eos_token");
  table.add_space_prefix = file.flag(prefix + "add_space_prefix");
  table.remove_extra_whitespaces = file.flag(prefix + "remove_extra_whitespaces");
  text::TokenizerHints hints;
  if (const auto source = file.text("tokenizer.chat_template"))
    hints.chat_template = std::string(*source) + "\n";
  for (const text::TokenId id : {table.eos, table.end_of_turn}) {
    if (id >= 0) hints.ends.push_back(id);
  }
  return text::tokenizer_from_table(table, file.where(), hints);
}

}  // namespace parley::engine
