// tiktoken's rank files: a line per token, its bytes in base64 and its rank. They hold neither the
// split expression nor the special tokens: both go by the name of the encoding.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/named_files.hpp"
#include "tokenizer/pipeline_tokenizer.hpp"

namespace parley::text {

enum class TiktokenSplit { kGpt2, kCl100k, kO200k, kLlama3, kQwen };

// gpt2, r50k_base, p50k_base, cl100k_base, o200k_base, llama3, qwen.
// Errors: kInvalidInput for another name; `where` says where it stood.
TiktokenSplit tiktoken_split(std::string_view name, std::string_view where);

// The split of the rank file `name`: what NAME.json beside it says ({"split": "cl100k_base"}), else
// the encoding above that the name begins with. Errors: kInvalidInput.
TiktokenSplit tiktoken_split_of(const NamedFiles& files, const std::string& name);

// Errors: kInvalidInput "WHERE:LINE: …".
std::unique_ptr<Tokenizer> tokenizer_from_ranks(std::string_view text, std::string_view where,
                                                TiktokenSplit split,
                                                const TokenizerHints& hints = {});

}  // namespace parley::text
