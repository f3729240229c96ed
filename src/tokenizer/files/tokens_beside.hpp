// The files that lie beside a vocabulary and add to it: tokenizer_config.json, and what older
// libraries wrote apart, special_tokens_map.json and added_tokens.json.
#pragma once

#include "base/named_files.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::text {

// Fills in of `hints` what these files say, as transformers reads them: where tokenizer_config.json
// has added_tokens_decoder, that is all there is; else special_tokens_map.json overrides which
// tokens are special, and added_tokens.json gives ids.
// Errors: kInvalidInput "PATH: FIELD …".
void read_tokens_beside(const NamedFiles& files, TokenizerHints& hints);

}  // namespace parley::text
