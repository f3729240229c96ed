#include "tokenizer/splitter.hpp"

#include <algorithm>

#include "text/char_class.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/regex_split.hpp"

namespace parley::text {
namespace {

// Turns a walk over matches and the gaps between them into pieces.
class Pieces {
 public:
  Pieces(SplitBehavior behavior, bool invert, Splitter::Sink sink)
      : behavior_(behavior), invert_(invert), sink_(sink) {}

  // `piece` follows the one before it in the text, without a gap.
  void add(std::string_view piece, bool is_match) {
    if (piece.empty()) return;
    is_match ^= invert_;
    switch (behavior_) {
      case SplitBehavior::kRemoved:
        if (!is_match) sink_(piece);
        return;
      case SplitBehavior::kIsolated:
        sink_(piece);
        return;
      case SplitBehavior::kMergedWithPrevious:
        if (!(is_match && !last_matched_)) flush();
        break;
      case SplitBehavior::kMergedWithNext:
        if (is_match || !last_matched_) flush();
        break;
      case SplitBehavior::kContiguous:
        if (is_match != last_matched_) flush();
        break;
    }
    held_ = held_.empty() ? piece : std::string_view(held_.data(), held_.size() + piece.size());
    last_matched_ = is_match;
  }
  void flush() {
    sink_(held_);
    held_ = {};
  }

 private:
  SplitBehavior behavior_;
  bool invert_;
  Splitter::Sink sink_;
  std::string_view held_;
  bool last_matched_ = false;
};

class WordSplitter : public Splitter {
 public:
  WordSplitter(WordSplit split, SplitBehavior behavior, bool invert)
      : split_(split), behavior_(behavior), invert_(invert) {}
  void split(std::string_view text, bool, Sink sink) const override {
    Pieces pieces(behavior_, invert_, sink);
    std::size_t gap = 0;  // start of the text since the last match
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = match_word(split_, text, at);
      if (length == 0) {
        at += static_cast<std::size_t>(decode_utf8(text, at).length);
        continue;
      }
      pieces.add(text.substr(gap, at - gap), false);
      pieces.add(text.substr(at, length), true);
      at += length;
      gap = at;
    }
    pieces.add(text.substr(gap), false);
    pieces.flush();
  }

 private:
  WordSplit split_;
  SplitBehavior behavior_;
  bool invert_;
};

class RegexSplitter : public Splitter {
 public:
  RegexSplitter(std::string_view pattern, std::string_view where, SplitBehavior behavior,
                bool invert)
      : regex_(pattern, where), behavior_(behavior), invert_(invert) {}
  void split(std::string_view text, bool, Sink sink) const override {
    Pieces pieces(behavior_, invert_, sink);
    regex_.each(text, [&](std::string_view piece, bool is_match) { pieces.add(piece, is_match); });
    pieces.flush();
  }

 private:
  Regex regex_;
  SplitBehavior behavior_;
  bool invert_;
};

class StringSplitter : public Splitter {
 public:
  StringSplitter(std::string pattern, SplitBehavior behavior, bool invert)
      : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}
  void split(std::string_view text, bool, Sink sink) const override {
    Pieces pieces(behavior_, invert_, sink);
    std::size_t from = 0;
    for (std::size_t found = text.find(pattern_); found != std::string_view::npos;
         found = text.find(pattern_, from)) {
      pieces.add(text.substr(from, found - from), false);
      pieces.add(text.substr(found, pattern_.size()), true);
      from = found + pattern_.size();
    }
    pieces.add(text.substr(from), false);
    pieces.flush();
  }

 private:
  std::string pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

// Cuts at the characters of a class, each a match of its own.
template <typename IsMatch>
class CharacterSplitter : public Splitter {
 public:
  CharacterSplitter(IsMatch is_match, SplitBehavior behavior)
      : is_match_(std::move(is_match)), behavior_(behavior) {}
  void split(std::string_view text, bool, Sink sink) const override {
    Pieces pieces(behavior_, false, sink);
    std::size_t gap = 0;
    for (std::size_t at = 0; at < text.size();) {
      const DecodedChar c = decode_utf8(text, at);
      const auto length = static_cast<std::size_t>(c.length);
      if (is_match_(c.code)) {
        pieces.add(text.substr(gap, at - gap), false);
        pieces.add(text.substr(at, length), true);
        gap = at + length;
      }
      at += length;
    }
    pieces.add(text.substr(gap), false);
    pieces.flush();
  }

 private:
  IsMatch is_match_;
  SplitBehavior behavior_;
};
template <typename IsMatch>
SplitterPtr split_characters(IsMatch is_match, SplitBehavior behavior) {
  return std::make_unique<CharacterSplitter<IsMatch>>(std::move(is_match), behavior);
}

class MetaspaceSplitter : public Splitter {
 public:
  MetaspaceSplitter(std::string replacement, PrependScheme scheme, bool cut)
      : replacement_(std::move(replacement)), scheme_(scheme), cut_(cut) {}
  void split(std::string_view text, bool at_start, Sink sink) const override {
    std::string replaced;
    replaced.reserve(text.size() + text.size() / 2 + replacement_.size());
    const bool has_one = text.starts_with(' ') || text.starts_with(replacement_);
    if (!has_one &&
        (scheme_ == PrependScheme::kAlways || (scheme_ == PrependScheme::kFirst && at_start))) {
      replaced += replacement_;
    }
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t space = std::min(text.find(' ', from), text.size());
      replaced.append(text, from, space - from);
      if (space < text.size()) replaced += replacement_;
      from = space + 1;
    }
    if (!cut_) return sink(replaced);
    std::string_view rest = replaced;
    while (!rest.empty()) {
      const std::size_t next = rest.find(replacement_, 1);
      const std::size_t length = next == std::string_view::npos ? rest.size() : next;
      sink(rest.substr(0, length));
      rest.remove_prefix(length);
    }
  }

 private:
  std::string replacement_;
  PrependScheme scheme_;
  bool cut_;
};

class SpaceBefore : public Splitter {
 public:
  void split(std::string_view text, bool, Sink sink) const override {
    if (text.starts_with(' ')) return sink(text);
    std::string spaced(1, ' ');
    spaced += text;
    sink(spaced);
  }
};

class ToStandIns : public Splitter {
 public:
  void split(std::string_view text, bool, Sink sink) const override {
    sink(bytes_to_stand_ins(text));
  }
};

class FromStandIns : public Splitter {
 public:
  void split(std::string_view text, bool, Sink sink) const override {
    std::string bytes;
    if (stand_ins_to_bytes(text, bytes)) sink(bytes);
  }
};

}  // namespace

SplitterPtr split_words(WordSplit split, SplitBehavior behavior, bool invert) {
  return std::make_unique<WordSplitter>(split, behavior, invert);
}
SplitterPtr split_regex(std::string_view pattern, std::string_view where, SplitBehavior behavior,
                        bool invert) {
  return std::make_unique<RegexSplitter>(pattern, where, behavior, invert);
}
SplitterPtr split_string(std::string pattern, SplitBehavior behavior, bool invert) {
  return std::make_unique<StringSplitter>(std::move(pattern), behavior, invert);
}
SplitterPtr split_digits(bool individual) {
  return split_characters([](char32_t c) { return (char_traits(c) & kNumeric) != 0; },
                          individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous);
}
SplitterPtr split_punctuation(SplitBehavior behavior) {
  return split_characters(
      [](char32_t c) {
        const unsigned wanted = c < 0x80 ? kPunctuation | kSymbol : kPunctuation;
        return (char_traits(c) & wanted) != 0;
      },
      behavior);
}
SplitterPtr split_signs(std::string symbols) {
  return split_characters(
      [symbols = std::move(symbols)](char32_t c) {
        return (char_traits(c) & kPunctuation) != 0 ||
               (c < 0x80 && symbols.find(static_cast<char>(c)) != std::string::npos);
      },
      SplitBehavior::kContiguous);
}
SplitterPtr split_white_space() {
  return split_characters([](char32_t c) { return (char_traits(c) & kWhite) != 0; },
                          SplitBehavior::kRemoved);
}
SplitterPtr split_words_and_symbols() {
  return split_regex(R"(\w+|[^\w\s]+)", "Whitespace", SplitBehavior::kRemoved, true);
}
SplitterPtr metaspace(std::string replacement, PrependScheme scheme, bool cut) {
  return std::make_unique<MetaspaceSplitter>(std::move(replacement), scheme, cut);
}
SplitterPtr space_before() {
  return std::make_unique<SpaceBefore>();
}
SplitterPtr to_stand_ins() {
  return std::make_unique<ToStandIns>();
}
SplitterPtr from_stand_ins() {
  return std::make_unique<FromStandIns>();
}

}  // namespace parley::text
