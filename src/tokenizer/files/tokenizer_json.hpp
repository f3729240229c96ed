// tokenizer.json, tokenizer_config.json and generation_config.json as Hugging Face's libraries
// write and read them.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "tokenizer/bpe.hpp"
#include "tokenizer/pipeline_tokenizer.hpp"

namespace parley::text {

// Any tokenizer.json with a BPE or Unigram model: docs/tokenizers.md lists what it may hold.
// Errors: kInvalidInput "WHERE: FIELD …" with what was found, and what is supported as the hint.
std::unique_ptr<Tokenizer> tokenizer_from_json(std::string_view text, std::string_view where,
                                               const TokenizerHints& hints = {});

// The tokenizer.json of a model that Parley trains or imports, as what it was made from: byte-level
// BPE with the Llama 3 split, or SentencePiece-style BPE with byte fallback.
// Errors: kInvalidInput, also for any other tokenizer.
BpeModel read_tokenizer_json(const std::filesystem::path& path);
BpeModel parse_tokenizer_json(std::string_view text, std::string_view where);
void write_tokenizer_json(const BpeModel& model, const std::filesystem::path& path);

struct TokenizerConfig {
  std::string_view bos, eos;  // spellings; padding is written as `eos`
  std::string_view chat_template;
  int context;
};
// tokenizer_config.json of a byte-level model.
void write_tokenizer_config(const std::filesystem::path& path, const TokenizerConfig& config);
void write_generation_config(const std::filesystem::path& path, TokenId bos, TokenId eos,
                             double temperature, double top_p);

}  // namespace parley::text
