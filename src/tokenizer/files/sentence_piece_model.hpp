// SentencePiece's tokenizer.model: a protocol buffer with the pieces, their scores and types, how
// the model was trained (Unigram or BPE) and how text is normalised.
#pragma once

#include <memory>
#include <string_view>

#include "tokenizer/pipeline_tokenizer.hpp"

namespace parley::text {

// Encodes as SentencePiece's own library does. Special mode finds control pieces and guarded
// user-defined ones in the text, and normalises what lies between them piece by piece.
// Errors: kInvalidInput "WHERE: FIELD …".
std::unique_ptr<Tokenizer> tokenizer_from_sentence_piece(std::string_view bytes,
                                                         std::string_view where,
                                                         const TokenizerHints& hints = {});

}  // namespace parley::text
