// llama.cpp's grammar format: rules `name ::= …` of literals, character classes, other rules,
// groups and repetition, over Unicode characters; the text is the rule `root`.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "constraint/encoding.hpp"
#include "constraint/expression.hpp"
#include "constraint/grammar.hpp"
#include "constraint/grammar_builder.hpp"
#include "text/utf8.hpp"

namespace parley::engine {
namespace {

constexpr int kMaxRuleDepth = 100;  // nested groups

class GbnfParser {
 public:
  explicit GbnfParser(std::string_view text)
      : text_(code_points(text.substr(0, text::find_invalid_utf8(text)))) {
    if (!text::is_valid_utf8(text)) error("not valid UTF-8", text_.size());
  }

  GrammarPtr compile() {
    skip_blank(true);
    while (!at_end()) rule();
    const auto root = rules_.find("root");
    if (root == rules_.end()) error("no rule named 'root'", 0);
    const auto missing =
        std::min_element(rules_.begin(), rules_.end(), [](const auto& a, const auto& b) {
          return std::pair(a.second.defined, a.second.first_use) <
                 std::pair(b.second.defined, b.second.first_use);
        });
    if (!missing->second.defined)
      error("no rule named '" + missing->first + "'", missing->second.first_use);
    return std::make_shared<Grammar>(builder_.build(root->second.id));
  }

 private:
  struct Known {
    RuleId id;
    std::size_t first_use;
    bool defined;
  };

  [[noreturn]] void error(const std::string& what, std::size_t at) const {
    const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(at, text_.size()));
    const auto line = 1 + std::count(text_.begin(), end, U'\n');
    const auto last = std::find(std::make_reverse_iterator(end), text_.rend(), U'\n');
    const auto column = 1 + (end - last.base());
    fail(ErrorKind::kInvalidInput,
         "grammar, line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
             what,
         "docs/structured-output.md describes the format");
  }

  bool at_end() const { return at_ == text_.size(); }
  bool next_is(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char32_t c) { return next_is(c) && ++at_ != 0; }
  bool take(std::u32string_view word) {
    if (std::u32string_view(text_).substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  static bool is_name_char(char32_t c) {
    return (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z') || (c >= U'0' && c <= U'9') ||
           c == U'-' || c == U'_';
  }

  void skip_blank(bool newlines) {
    while (!at_end()) {
      const char32_t c = text_[at_];
      if (c == U'#') {
        while (!at_end() && text_[at_] != U'\n' && text_[at_] != U'\r') ++at_;
      } else if (c == U' ' || c == U'\t' || (newlines && (c == U'\n' || c == U'\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  std::string name() {
    std::string out;
    while (!at_end() && is_name_char(text_[at_])) out += static_cast<char>(text_[at_++]);
    return out;
  }

  Known& known(const std::string& name, std::size_t at) {
    const auto [found, added] = rules_.emplace(name, Known{0, at, false});
    if (added) found->second.id = builder_.add_rule();
    return found->second;
  }

  void rule() {
    const std::size_t start = at_;
    const std::string named = name();
    if (named.empty()) error("expected the name of a rule", start);
    skip_blank(false);
    if (!take(U"::=")) error("expected '::=' after the name of the rule", at_);
    Known& rule = known(named, start);
    if (rule.defined) error("rule '" + named + "' is defined twice", start);
    rule.defined = true;
    const RuleId id = rule.id;
    skip_blank(true);
    const ExpressionPtr body = alternation(0);
    add_expression(builder_.body(id), Nfa::kStart, *body, Nfa::kAccept, CharEncoding::kUtf8,
                   {0, "grammar"});
    total_ += builder_.body(id).states.size();
    constexpr std::size_t kMaxTotal = 1'000'000;
    if (total_ > kMaxTotal) fail_too_large({kMaxTotal, "grammar"});
    if (!at_end() && !next_is(U'\n') && !next_is(U'\r')) error("unexpected character", at_);
    skip_blank(true);
  }

  ExpressionPtr alternation(int depth) {
    if (depth > kMaxRuleDepth) error("groups nested too deeply", at_);
    ExpressionPtr out = Expression::make(Expression::Kind::kAlternation);
    do {
      skip_blank(true);
      out->parts.push_back(sequence(depth));
    } while (take(U'|'));
    return out;
  }

  ExpressionPtr sequence(int depth) {
    ExpressionPtr out = Expression::make(Expression::Kind::kConcatenation);
    for (skip_blank(depth > 0); !at_end(); skip_blank(depth > 0)) {
      const std::size_t start = at_;
      ExpressionPtr part = element(depth);
      if (!part) break;
      out->parts.push_back(repeated(std::move(part), depth, start));
    }
    return out;
  }

  // Null when no element begins here.
  ExpressionPtr element(int depth) {
    const std::size_t start = at_;
    if (take(U'"')) return literal(start);
    if (take(U'[')) return Expression::of_chars(char_class(start));
    if (take(U'.')) return Expression::of_chars(every_char());
    if (take(U'(')) {
      ExpressionPtr inside = alternation(depth + 1);
      if (!take(U')')) error("'(' without ')'", start);
      return inside;
    }
    if (next_is(U'*') || next_is(U'+') || next_is(U'?') || next_is(U'{')) {
      error("nothing to repeat", start);
    }
    if (next_is(U'<')) error("tokens (<name>, <[id]>) are not supported", start);
    if (at_end() || !is_name_char(text_[at_])) return nullptr;
    return Expression::of_symbol(GrammarBuilder::call(known(name(), start).id));
  }

  ExpressionPtr repeated(ExpressionPtr part, int depth, std::size_t start) {
    for (;;) {
      skip_blank(false);
      if (take(U'*')) {
        part = Expression::repeat(std::move(part), 0, Expression::kUnbounded);
      } else if (take(U'+')) {
        part = Expression::repeat(std::move(part), 1, Expression::kUnbounded);
      } else if (take(U'?')) {
        part = Expression::repeat(std::move(part), 0, 1);
      } else if (take(U'{')) {
        part = counted(std::move(part));
      } else {
        return part;
      }
      if (++depth > 2 * kMaxRuleDepth) error("repeated too often", start);
    }
  }

  ExpressionPtr counted(ExpressionPtr part) {
    const std::size_t start = at_ - 1;
    skip_blank(false);
    const int least = number(next_is(U',') ? 0 : -1);
    int most = least;
    skip_blank(false);
    if (take(U',')) {
      skip_blank(false);
      most = next_is(U'}') ? Expression::kUnbounded : number(-1);
      skip_blank(false);
    }
    if (!take(U'}')) error("expected '}'", at_);
    if (most != Expression::kUnbounded && most < least) {
      error("{m,n} with m greater than n", start);
    }
    return Expression::repeat(std::move(part), least, most);
  }

  int number(int otherwise) {
    const std::size_t start = at_;
    int value = 0;
    for (; !at_end() && text_[at_] >= U'0' && text_[at_] <= U'9'; ++at_) {
      value = value * 10 + static_cast<int>(text_[at_] - U'0');
      if (value > Expression::kMaxRepeat) {
        error("repeats more than " + std::to_string(Expression::kMaxRepeat) + " times", start);
      }
    }
    if (at_ > start) return value;
    if (otherwise < 0) error("expected a number", start);
    return otherwise;
  }

  ExpressionPtr literal(std::size_t start) {
    ExpressionPtr out = Expression::make(Expression::Kind::kConcatenation);
    while (!take(U'"')) {
      if (at_end() || next_is(U'\n')) error("literal without closing '\"'", start);
      const char32_t c = character();
      out->parts.push_back(
          Expression::of_chars(CharSet(static_cast<UChar32>(c), static_cast<UChar32>(c))));
    }
    return out;
  }

  CharSet char_class(std::size_t start) {
    const bool negated = take(U'^');
    CharSet set;
    while (!take(U']')) {
      if (at_end() || next_is(U'\n')) error("'[' without ']'", start);
      const std::size_t item = at_;
      const char32_t low = character();
      char32_t high = low;
      if (next_is(U'-') && at_ + 1 < text_.size() && text_[at_ + 1] != U']') {
        ++at_;
        high = character();
      }
      if (high < low) error("range with its ends swapped", item);
      set.add(static_cast<UChar32>(low), static_cast<UChar32>(high));
    }
    set.remove(0xD800, 0xDFFF);
    return negated ? complement_of(set) : set;
  }

  char32_t character() {
    const std::size_t start = at_;
    if (at_end()) error("the grammar ends in the middle of a rule", start);
    const char32_t c = text_[at_++];
    if (c != U'\\') return c;
    if (at_end()) error("'\\' at the end", start);
    switch (const char32_t letter = text_[at_++]) {
      case U'x':
        return hex(2, start);
      case U'u':
        return hex(4, start);
      case U'U':
        return hex(8, start);
      case U't':
        return U'\t';
      case U'r':
        return U'\r';
      case U'n':
        return U'\n';
      case U'\\':
      case U'"':
      case U'[':
      case U']':
      case U'-':
      case U'^':
        return letter;
      default:
        error("unknown escape", start);
    }
  }

  char32_t hex(int digits, std::size_t start) {
    std::uint32_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char32_t c = at_end() ? U' ' : text_[at_];
      const char32_t lower = c | 32;
      if (c >= U'0' && c <= U'9') {
        value = value * 16 + (c - U'0');
      } else if (lower >= U'a' && lower <= U'f') {
        value = value * 16 + (lower - U'a' + 10);
      } else {
        error("hexadecimal digits missing", start);
      }
      if (value > kMaxCodePoint) error("beyond the last code point", start);
    }
    if (value >= 0xD800 && value <= 0xDFFF) error("a surrogate is not a character", start);
    return value;
  }

  std::u32string text_;
  std::size_t at_ = 0, total_ = 0;
  GrammarBuilder builder_{"grammar"};
  std::unordered_map<std::string, Known> rules_;
};

}  // namespace

GrammarPtr compile_gbnf(std::string_view text) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  if (text.size() > kMaxBytes) fail(ErrorKind::kInvalidInput, "grammar: longer than 1 MiB");
  return GbnfParser(text).compile();
}

}  // namespace parley::engine
