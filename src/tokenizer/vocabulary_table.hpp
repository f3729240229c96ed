// A vocabulary as GGUF files carry it: plain tables, and the name of a pre-tokenizer. The file
// itself is read elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/pipeline_tokenizer.hpp"

namespace parley::text {

struct VocabularyTable {
  std::string model;  // tokenizer.ggml.model: "gpt2", "llama" or "t5"
  std::string pre;    // tokenizer.ggml.pre, for "gpt2": "llama-bpe", "qwen2", "default", …
  std::vector<std::string> tokens;
  std::vector<float> scores;        // "llama", "t5": as long as tokens
  std::vector<std::int32_t> types;  // as long as tokens, or empty (all normal): the numbers of
                                    // PieceType; 0 is normal too
  std::vector<std::string> merges;  // "gpt2": "left right", in rank order
  TokenId bos = -1, eos = -1, unknown = -1, pad = -1, end_of_turn = -1;
  // Not said in the file: what the model type does by itself.
  std::optional<bool> add_bos, add_eos, add_space_prefix, remove_extra_whitespaces;
  std::string precompiled_charsmap;  // "t5"
};

// Errors: kInvalidInput "WHERE: tokenizer.ggml.FIELD …".
std::unique_ptr<Tokenizer> tokenizer_from_table(const VocabularyTable& table,
                                                std::string_view where,
                                                const TokenizerHints& hints = {});

}  // namespace parley::text
