// SentencePiece's precompiled character map: rules "these characters become those", in a
// double-array trie (Darts-clone's layout) followed by the replacements, each closed by a zero
// byte. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text {

class Charsmap {
 public:
  Charsmap() = default;
  // `blob`: 4 bytes little-endian size of the trie in bytes, the trie, the replacements.
  // Errors: kInvalidInput "WHERE …" when the sizes do not fit.
  Charsmap(std::string_view blob, std::string_view where);

  bool empty() const { return units_.empty(); }

  struct Match {
    std::size_t length = 0;  // bytes of text replaced; 0: no rule applies
    std::string_view replacement;
  };
  // The longest rule at the start of `text` (SentencePiece), or the shortest (Hugging Face).
  Match longest(std::string_view text) const { return match(text, true); }
  Match shortest(std::string_view text) const { return match(text, false); }

  // Whether no rule can apply to an ASCII character that another ASCII character follows.
  bool leaves_alone(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 && (units_.empty() || plain_[byte]);
  }

 private:
  Match match(std::string_view text, bool longest) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
  bool plain_[128] = {};
};

}  // namespace parley::text
