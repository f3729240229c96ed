// Tokens that are found in the text as a whole, before it is split into words. Thread-safe after
// construction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_token.hpp"
#include "tokenizer/piece_trie.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::text {

// Whether a spelling is one that chat formats use for turns, calls and reasoning ("<|im_end|>",
// "[INST]", "<｜User｜>", "<end_of_turn>", "<tool_call>", "</think>", a role's name between signs),
// whatever its flags say.
bool spells_control(std::string_view spelling);
// Whether a spelling is nothing but words and white space: text, wherever it stands.
bool spells_words(std::string_view spelling);

// Which bytes of a text the program wrote: only there may a guarded token be found.
class WrittenBytes {
 public:
  static WrittenBytes none() { return WrittenBytes(false, {}); }
  static WrittenBytes all() { return WrittenBytes(true, {}); }
  // A mark for each byte of the text, 1 where the program wrote it. They outlive this.
  static WrittenBytes marked(std::string_view marks) { return WrittenBytes(false, marks); }

  bool cover(std::size_t begin, std::size_t end) const {
    if (marks_.empty()) return all_;
    return marks_.substr(begin, end - begin).find('\0') == std::string_view::npos;
  }
  // Of a part of the text.
  WrittenBytes part(std::size_t begin, std::size_t size) const {
    return WrittenBytes(all_, marks_.empty() ? marks_ : marks_.substr(begin, size));
  }
  std::string_view marks() const { return marks_; }  // empty: none() or all()

 private:
  WrittenBytes(bool all, std::string_view marks) : all_(all), marks_(marks) {}
  bool all_;
  std::string_view marks_;
};

// Finds added tokens in a text: leftmost first, the longest at each place, as Hugging Face does.
class AddedTokenMatcher {
 public:
  AddedTokenMatcher() = default;
  // `tokens` with their `content` as it is to be found.
  explicit AddedTokenMatcher(std::vector<AddedToken> tokens);

  bool empty() const { return tokens_.empty(); }

  // Walks over `text`: plain(piece) for what lies between tokens, token(id) for each token found.
  // A guarded token that is not all of it written by the program is left in the plain text.
  template <typename Plain, typename Token>
  void walk(std::string_view text, const WrittenBytes& written, Plain&& plain,
            Token&& token) const {
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size();) {
      if (!trie_.may_start(text[at])) {
        ++at;
        continue;
      }
      PieceTrie::Match match;
      trie_.each_prefix(text, at, [&](std::size_t length, std::int32_t value) {
        if (!tokens_[value].guarded || written.cover(at, at + length)) match = {length, value};
      });
      if (match.length == 0) {
        ++at;
        continue;
      }
      const AddedToken& found = tokens_[match.value];
      std::size_t start = at, stop = at + match.length;
      at = stop;
      if (found.single_word && !stands_alone(found, text, start, stop)) continue;
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
  static bool stands_alone(const AddedToken& token, std::string_view text, std::size_t start,
                           std::size_t stop);
  static std::size_t white_space_before(std::string_view text, std::size_t start,
                                        std::size_t least);
  static std::size_t white_space_after(std::string_view text, std::size_t stop);

  std::vector<AddedToken> tokens_;
  PieceTrie trie_;  // values are places in tokens_
};

}  // namespace parley::text
