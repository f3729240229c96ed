#include "prompt/jinja/values/authored_text.hpp"

#include <algorithm>

#include "prompt/jinja/values/python_format.hpp"

namespace parley::text::jinja {
namespace {

// The one author of all bytes, or kSeveral.
Author common_author(std::string_view authors) {
  if (authors.empty()) return Author::kTemplate;
  const bool one = authors.find_first_not_of(authors[0]) == std::string_view::npos;
  return one ? static_cast<Author>(authors[0]) : Author::kSeveral;
}

std::string_view authors_of(const Value& whole, std::string_view part) {
  if (part.empty()) return {};
  return whole.authors().substr(static_cast<std::size_t>(part.data() - whole.text().data()),
                                part.size());
}

}  // namespace

Author author_of(const Value& value) {
  if (value.is_number() || value.is_none() || value.is_undefined()) return Author::kTemplate;
  if (!value.is_string()) return Author::kOther;
  if (value.author() != Author::kSeveral) return value.author();
  const std::string_view all = value.authors();
  return static_cast<Author>(*std::max_element(all.begin(), all.end()));
}

Value part_of(Runtime& rt, const Value& whole, std::string_view part, bool markup) {
  if (whole.author() != Author::kSeveral) return Value::string(part, whole.author(), markup);
  const std::string_view authors = authors_of(whole, part);
  const Author one = common_author(authors);
  return one == Author::kSeveral ? rt.several(part, authors, markup)
                                 : Value::string(part, one, markup);
}

Value part_of(Runtime& rt, const Value& whole, std::string_view part) {
  return part_of(rt, whole, part, whole.is_markup());
}

void AuthoredText::append(Runtime& rt, std::string_view text, Author author) {
  jinja::append(rt, text_, text);
  authors_.append(text.size(), static_cast<char>(author));
}

void AuthoredText::append(Runtime& rt, const Value& value) {
  if (value.is_string()) return append(rt, value, value.text());
  append(rt, to_str(rt, value), author_of(value));
}

void AuthoredText::append(Runtime& rt, const Value& whole, std::string_view part) {
  if (whole.author() != Author::kSeveral) return append(rt, part, whole.author());
  jinja::append(rt, text_, part);
  authors_ += authors_of(whole, part);
}

Value AuthoredText::value(Runtime& rt, bool markup, std::size_t begin) const {
  const std::string_view text = std::string_view(text_).substr(begin);
  const std::string_view authors = std::string_view(authors_).substr(begin);
  const Author one = common_author(authors);
  return one == Author::kSeveral ? rt.several(text, authors, markup) : rt.text(text, one, markup);
}

}  // namespace parley::text::jinja
