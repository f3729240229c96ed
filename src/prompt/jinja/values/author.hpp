// Whose words a text is. A template joins its own words with what it is given; what each byte of
// the prompt may mean to the tokenizer depends on who wrote it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace parley::text::jinja {

// In the order of their rights.
enum class Author : std::uint8_t {
  kTemplate,   // the template and what the program gave it
  kAssistant,  // what an assistant said before
  kOther,      // anybody else: users, tools, documents
  kSeveral,    // of a value: a note at each byte
};

// A text that one author's words decided about, but that is none of them byte by byte.
constexpr Author least(Author a, Author b) {
  const Author lower = std::max(a, b);
  return lower == Author::kSeveral ? Author::kOther : lower;
}

}  // namespace parley::text::jinja
