// The steps that rewrite a text before it is split into words, as tokenizer.json and SentencePiece
// models name them. Bytes that are not UTF-8 pass through untouched unless a step says otherwise.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/charsmap.hpp"
#include "tokenizer/piece_trie.hpp"

namespace parley::text {

// A text while a step rewrites it, front to back, and a mark for each of its bytes where they have
// any: what a step writes takes the lowest mark of what it takes away, and mark 1 where it takes
// nothing.
class Rewriting {
 public:
  // `marks`: as long as `text`, or null.
  Rewriting(std::string& text, std::string* marks) : text_(text), marks_(marks) {
    out_.reserve(text.size() + text.size() / 8 + 16);
  }

  // What there is to rewrite; stays as it is until finish().
  std::string_view text() const { return text_; }
  bool marked() const { return marks_ != nullptr; }
  // What was written so far.
  const std::string& out() const { return out_; }

  void keep(std::size_t bytes) {
    out_.append(text_.data() + at_, bytes);
    if (marks_) out_marks_.append(*marks_, at_, bytes);
    at_ += bytes;
  }
  void replace(std::size_t bytes, std::string_view by) {
    out_ += by;
    if (marks_) out_marks_.append(by.size(), lowest_mark(bytes));
    at_ += bytes;
  }
  void drop_end(std::size_t bytes) {
    out_.resize(out_.size() - bytes);
    if (marks_) out_marks_.resize(out_.size());
  }
  // Keeps what is left.
  void finish();

 private:
  char lowest_mark(std::size_t bytes) const;

  std::string& text_;
  std::string* marks_;
  std::size_t at_ = 0;
  std::string out_, out_marks_;
};

// Thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  void apply(std::string& text, std::string* marks = nullptr) const {
    if (leaves_alone(text)) return;
    Rewriting rewriting(text, marks);
    rewrite(rewriting);
    rewriting.finish();
  }

 private:
  virtual void rewrite(Rewriting& to) const = 0;
  // May say so of a text that rewrite() would not change.
  virtual bool leaves_alone(std::string_view) const { return false; }
};
using NormalizerPtr = std::unique_ptr<Normalizer>;

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

NormalizerPtr unicode_form(UnicodeForm form);
NormalizerPtr lowercase();
NormalizerPtr strip_white_space(bool left, bool right);
NormalizerPtr strip_accents();              // drops all marks (general category M)
NormalizerPtr prepend(std::string prefix);  // to texts that are not empty
NormalizerPtr replace_all(std::string pattern, std::string content);
NormalizerPtr replace_spaces(std::string content);  // each run of two or more spaces
// Every match of a regular expression. Errors: kInvalidInput, see regex_split.hpp.
NormalizerPtr replace_regex(std::string_view pattern, std::string content, std::string_view where);
NormalizerPtr nmt();  // drops control characters, makes odd white space plain
// The character map as Hugging Face applies it: per grapheme, the shortest rule.
NormalizerPtr precompiled(Charsmap map);

// All of SentencePiece's: the character map (longest rule), white space, the dummy prefix.
struct SentencePieceNormalization {
  Charsmap map;
  PieceTrie verbatim;  // user-defined symbols, kept as they are
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool whitespace_as_suffix = false;
};
// Bytes that are not UTF-8 become U+FFFD.
NormalizerPtr sentence_piece(SentencePieceNormalization rules);

}  // namespace parley::text
