// A text under construction that remembers who wrote each byte, and what is made of texts that do.
#pragma once

#include <string>
#include <string_view>

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

// Of a text: its author, or the least of its authors. Numbers are the template's: they say nothing.
// What else prints as text is taken for anybody's.
Author author_of(const Value& value);

// A part of a text. REQUIRES: `part` points into whole.text(), or is empty.
Value part_of(Runtime& runtime, const Value& whole, std::string_view part);
Value part_of(Runtime& runtime, const Value& whole, std::string_view part, bool markup);

class AuthoredText {
 public:
  // Within the limits on steps and memory. Errors: kLimit.
  void append(Runtime& runtime, std::string_view text, Author author);
  // What {{ value }} prints.
  void append(Runtime& runtime, const Value& value);
  // REQUIRES: `whole` is text and `part` points into it, or is empty.
  void append(Runtime& runtime, const Value& whole, std::string_view part);

  std::size_t size() const { return text_.size(); }
  // What was written from byte `begin` on, as a value.
  Value value(Runtime& runtime, bool markup = false, std::size_t begin = 0) const;
  void shorten(std::size_t size) {
    text_.resize(size);
    authors_.resize(size);
  }
  std::string take_text() { return std::move(text_); }
  std::string take_authors() { return std::move(authors_); }

 private:
  std::string text_;
  std::string authors_;  // an Author for each byte
};

}  // namespace parley::text::jinja
