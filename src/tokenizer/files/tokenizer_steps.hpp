// The parts of tokenizer.json around its model: normalizer, pre_tokenizer, post_processor, decoder.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "tokenizer/pipeline_tokenizer.hpp"

namespace parley::text {

// Errors of all of these: kInvalidInput "WHERE: FIELD …" with what was found and what is supported.
// `where` names the file.

// Null is no step.
std::vector<NormalizerPtr> read_normalizers(const Json& root, const std::string& where);

struct PreTokenizers {
  std::vector<SplitterPtr> steps;
  bool byte_level = false;  // words are spelled in bytes
};
PreTokenizers read_pre_tokenizers(const Json& root, const std::string& where);

// Which tokens the post-processor puts around a text; empty: none.
struct Surround {
  std::string bos, eos;
};
Surround read_post_processor(const Json& root);

// What decoding makes of one token.
struct Decoding {
  bool byte_level = false, byte_fallback = false;
  std::vector<std::pair<std::string, std::string>> replacements;
  LeadingSpace leading_space = LeadingSpace::kKeep;

  std::string bytes(const std::string& piece) const;
};
Decoding read_decoder(const Json& root, const std::string& where);

}  // namespace parley::text
