// For tests of structured output: a tokenizer made of a plain list of tokens, and random replies.
#pragma once

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "constraint/grammar_matcher.hpp"

namespace parley::test {

// Token 0 ends a reply, token 1 is another special one, then the 256 bytes, then `words`.
class ListTokenizer : public text::Tokenizer {
 public:
  static constexpr text::TokenId kEnd = 0;

  explicit ListTokenizer(const std::vector<std::string>& words) : tokens_{"", ""} {
    for (int b = 0; b < 256; ++b) tokens_.emplace_back(1, static_cast<char>(b));
    tokens_.insert(tokens_.end(), words.begin(), words.end());
  }
  int vocabulary_size() const override { return static_cast<int>(tokens_.size()); }
  using Tokenizer::encode;
  void encode(std::string_view text, std::vector<text::TokenId>& out) const override {
    while (!text.empty()) {  // the longest token that fits
      std::size_t best = 2;
      for (std::size_t i = 2; i < tokens_.size(); ++i) {
        const bool longer = tokens_[i].size() > tokens_[best].size();
        if (text.starts_with(tokens_[i]) && (longer || !text.starts_with(tokens_[best]))) best = i;
      }
      out.push_back(static_cast<text::TokenId>(best));
      text.remove_prefix(tokens_[best].size());
    }
  }
  std::string_view token_bytes(text::TokenId id) const override {
    return tokens_[static_cast<std::size_t>(id)];
  }
  void encode_written(std::string_view text, std::string_view,
                      std::vector<text::TokenId>& out) const override {
    encode(text, out);
  }
  void encode_with_special(std::string_view text, std::vector<text::TokenId>& out) const override {
    encode(text, out);
  }
  std::string_view piece(text::TokenId id) const override { return token_bytes(id); }
  text::TokenId find(std::string_view) const override { return -1; }
  bool is_special(text::TokenId id) const override { return id < 2; }
  text::TokenId special(std::string_view) const override { return -1; }

 private:
  std::vector<std::string> tokens_;
};

// Pieces such as tokens of real vocabularies are: spanning quotes, brackets, digits, characters.
inline const ListTokenizer& json_tokenizer() {
  static const ListTokenizer tokenizer(
      {"\"",   "\":",    "\": ",   "\": \"", "\",",   "\", \"",   "{\"",
       "\"}",  "\"]",    "[{\"",   "}]",     "}}",    "]}",       "],",
       "},",   "}, {\"", "\n  ",   "\n",     "  ",    ", ",       "12",
       "123",  "00",     "0.",     "1,",     "12]",   "-1",       "e+",
       "1e",   ".5",     "true",   "false",  "null",  "name",     "na",
       "me\"", "age",    "age\":", "tags",   "id",    "\\\"",     "\\u00",
       "\\n",  "\\\\",   "é",      "\xC3",   "日本",  "\xE6\x97", "ab",
       "abc",  "hello",  " wor",   "ld\"",   "2024-", "-01-",     "T12:",
       ":00",  "Z\"",    "@ex",    ".com",   "(",     "()",       "))",
       "a b",  "xx",     "xxx",    "yy",     "x\"",   "a\",\"b",  "\xF0\x9F\x98\x80"});
  return tokenizer;
}

inline std::shared_ptr<const engine::TokenTable> json_table() {
  static const auto table = std::make_shared<const engine::TokenTable>(
      json_tokenizer(), std::vector<text::TokenId>{ListTokenizer::kEnd});
  return table;
}

inline std::vector<std::uint32_t> mask_of(engine::GrammarMatcher& matcher,
                                          const engine::TokenTable& table) {
  std::vector<std::uint32_t> mask(table.mask_words());
  matcher.fill_mask(mask);
  return mask;
}

inline bool has_bit(const std::vector<std::uint32_t>& mask, text::TokenId id) {
  return (mask[static_cast<std::size_t>(id) / 32] >> (id % 32) & 1) != 0;
}

// A reply of random allowed tokens. After `eager` tokens, those that lead to the end are preferred;
// nothing when it does not come within `more` more.
inline std::optional<std::string> random_reply(const engine::GrammarPtr& grammar,
                                               std::mt19937& random, int eager = 25,
                                               int more = 1000) {
  const auto table = json_table();
  engine::GrammarMatcher matcher(grammar, table);
  std::string text;
  const auto rank = [](std::string_view bytes) {
    const std::string_view early = "]}\")", late = ",{[(";
    if (early.find(bytes[0]) != std::string_view::npos) return 0;
    return late.find(bytes[0]) != std::string_view::npos ? 2 : 1;
  };
  for (int step = 0; step < eager + more; ++step) {
    const std::vector<std::uint32_t> mask = mask_of(matcher, *table);
    std::vector<text::TokenId> allowed;
    const bool anything = random() % 8 == 0;
    int best = 3;
    for (text::TokenId id = 0; id < table->vocabulary_size(); ++id) {
      if (!has_bit(mask, id)) continue;
      if (step >= eager) {
        if (id == ListTokenizer::kEnd) return text;
        const int r = anything ? 0 : rank(table->bytes(id));
        if (r > best) continue;
        if (r < best) allowed.clear();
        best = r;
      }
      allowed.push_back(id);
    }
    if (allowed.empty()) return std::nullopt;
    const text::TokenId chosen = allowed[random() % allowed.size()];
    if (chosen == ListTokenizer::kEnd) return text;
    if (!matcher.accept(chosen)) return std::nullopt;
    text += table->bytes(chosen);
  }
  return std::nullopt;
}

// Whether the whole text is of the language, cut into random pieces.
inline bool accepts(const engine::GrammarPtr& grammar, std::string_view text, unsigned seed = 0) {
  engine::GrammarMatcher matcher(grammar, json_table());
  std::mt19937 random(seed);
  while (!text.empty()) {
    const std::size_t n =
        seed == 0 ? text.size() : 1 + random() % std::min<std::size_t>(7, text.size());
    if (!matcher.accept_bytes(text.substr(0, n))) return false;
    text.remove_prefix(n);
  }
  return matcher.is_complete();
}

}  // namespace parley::test
