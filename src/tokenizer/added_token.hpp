// A token that is found in the text as a whole, and what files say of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::text {

using TokenId = std::int32_t;

struct AddedToken {
  TokenId id = -1;
  std::string content;
  bool single_word = false;     // not inside a word
  bool between_blanks = false;  // single_word as slow tokenizers of transformers mean it: a blank
                                // or the text's edge stands at either side
  bool lstrip = false;          // takes the white space before it along
  bool rstrip = false;          // … after it
  bool normalized = false;      // looked for in the normalised text
  bool special = false;         // steers the model; not shown
  bool guarded = false;         // never taken from plain text; every special token is
};

// One that a file beside the vocabulary names.
struct TokenBeside {
  AddedToken token;       // id -1: wherever the vocabulary has it, else behind it
  std::string field;      // "FOLDER/added_tokens.json: "<|im_end|>"", for errors
  bool optional = false;  // of a role that no prompt has (padding): without an id it is none
};

// Whether a token beside the vocabulary may take over the id of one of its pieces.
enum class TakenIds { kRefused, kOverridden };

// Puts them among `added`, the tokens of a vocabulary whose pieces are `pieces` by id. What a file
// beside says of a token that is known already holds, but special it stays. Those without an id
// that the vocabulary lacks get the next ones, in their order. A piece that is named but is one
// character, or nothing but words, stays text.
// Errors: kInvalidInput "FIELD …": an id out of range, one spelling with two ids, two with one id.
void add_tokens_beside(const std::vector<TokenBeside>& beside,
                       const std::vector<std::string>& pieces, TakenIds taken,
                       std::vector<AddedToken>& added);

}  // namespace parley::text
