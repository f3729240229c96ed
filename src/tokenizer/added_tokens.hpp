// Tokens that are found in the text as a whole, before it is split into words. Thread-safe after
// construction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/piece_trie.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::text {

struct AddedToken {
  TokenId id = -1;
  std::string content;
  bool single_word = false;  // not inside a word
  bool lstrip = false;       // takes the white space before it along
  bool rstrip = false;       // … after it
  bool normalized = false;   // looked for in the normalised text
  bool special = false;      // steers the model; not shown
  bool guarded = false;      // never taken from plain text; every special token is
};

// Whether a spelling is one that chat formats use for turns and control ("<|im_end|>", "[INST]",
// "<｜User｜>", "<end_of_turn>"), whatever its flags say.
bool spells_control(std::string_view spelling);

// Finds added tokens in a text: leftmost first, the longest at each place, as Hugging Face does.
class AddedTokenMatcher {
 public:
  AddedTokenMatcher() = default;
  // `tokens` with their `content` as it is to be found.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }

  // Walks over `text`: plain(piece) for what lies between tokens, token(id) for each token found.
  // Where `guard`, a guarded token is left in the plain text.
  template <typename Plain, typename Token>
  void walk(std::string_view text, bool guard, Plain&& plain, Token&& token) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      if (!trie_.may_start(text[at])) {
        ++at;
        continue;
      }
      const PieceTrie::Match match = trie_.longest(text, at);
      if (match.length == 0) {
        ++at;
        continue;
      }
      const AddedToken& found = tokens_[match.value];
      std::size_t start = at, stop = at + match.length;
      at = stop;
      if ((guard && found.guarded) || (found.single_word && !stands_alone(text, start, stop)))
        continue;
      if (start < done) continue;  // inside the white space that the token before took along
      if (found.lstrip) start = white_space_before(text, start, done);
      if (found.rstrip) stop = white_space_after(text, stop);
      if (start > done) plain(text.substr(done, start - done));
      token(found.id);
      done = stop;
    }
    if (done < text.size()) plain(text.substr(done));
  }

 private:
  static bool stands_alone(std::string_view text, std::size_t start, std::size_t stop);
  static std::size_t white_space_before(std::string_view text, std::size_t start,
                                        std::size_t least);
  static std::size_t white_space_after(std::string_view text, std::size_t stop);

  std::vector<AddedToken> tokens_;
  PieceTrie trie_;  // values are places in tokens_
};

}  // namespace parley::text
