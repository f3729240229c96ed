#include "constraint/regex.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "constraint/char_set.hpp"
#include "constraint/encoding.hpp"
#include "constraint/expression.hpp"
#include "constraint/lookahead.hpp"
#include "text/utf8.hpp"

namespace parley::engine {
namespace {

constexpr int kMaxGroupDepth = 100;  // nested groups
constexpr int kMaxRepeat = Expression::kMaxRepeat;
constexpr int kUnbounded = Expression::kUnbounded;

using Kind = Expression::Kind;

class RegexParser {
 public:
  RegexParser(std::string_view pattern, std::string_view where) : where_(where) {
    text_ = code_points(pattern.substr(0, text::find_invalid_utf8(pattern)));
    if (!text::is_valid_utf8(pattern)) error("not valid UTF-8", text_.size());
  }

  ExpressionPtr parse() {
    ExpressionPtr all = alternation(0);
    if (!at_end()) error("')' without '('", at_);
    return all;
  }

 private:
  [[noreturn]] void error(const std::string& what, std::size_t at) const {
    fail(ErrorKind::kInvalidInput,
         std::string(where_) + ", column " + std::to_string(at + 1) + ": " + what,
         "docs/structured-output.md lists the supported syntax");
  }

  bool at_end() const { return at_ == text_.size(); }
  bool next_is(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char32_t c) { return next_is(c) && ++at_ != 0; }
  bool take(std::u32string_view word) {
    if (std::u32string_view(text_).substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  ExpressionPtr alternation(int depth) {
    if (depth > kMaxGroupDepth) error("groups nested too deeply", at_);
    const bool case_before = ignore_case_, dot_before = dot_all_;
    ExpressionPtr first = concatenation(depth);
    ExpressionPtr out = std::move(first);
    if (next_is(U'|')) {
      ExpressionPtr choice = Expression::make(Kind::kAlternation);
      choice->parts.push_back(std::move(out));
      while (take(U'|')) choice->parts.push_back(concatenation(depth));
      out = std::move(choice);
    }
    ignore_case_ = case_before, dot_all_ = dot_before;  // flags end with their group
    return out;
  }

  ExpressionPtr concatenation(int depth) {
    ExpressionPtr out = Expression::make(Kind::kConcatenation);
    while (!at_end() && !next_is(U'|') && !next_is(U')')) {
      const std::size_t start = at_;
      ExpressionPtr part = atom(depth);
      if (part) out->parts.push_back(quantified(std::move(part), start));
    }
    return out;
  }

  ExpressionPtr quantified(ExpressionPtr part, std::size_t start) {
    int least = 0, most = 0;
    if (!quantifier(least, most)) return part;
    if (part->kind == Kind::kSymbol || part->kind == Kind::kLookahead) {
      error("an anchor cannot be repeated", start);
    }
    take(U'?');  // lazy: the same language
    if (next_is(U'+')) error("possessive quantifiers are not supported", at_);
    int again_least = 0, again_most = 0;
    const std::size_t second = at_;
    if (quantifier(again_least, again_most)) error("nothing to repeat", second);
    return Expression::repeat(std::move(part), least, most);
  }

  bool quantifier(int& least, int& most) {
    if (take(U'*')) return least = 0, most = kUnbounded, true;
    if (take(U'+')) return least = 1, most = kUnbounded, true;
    if (take(U'?')) return least = 0, most = 1, true;
    const std::size_t start = at_;
    if (!take(U'{')) return false;
    const bool has_least = number(least);
    if (!has_least) least = 0;
    most = least;
    const bool comma = take(U',');
    const bool has_most = comma && number(most);
    if (!take(U'}') || (!has_least && !has_most)) {  // a plain '{', as in ECMAScript
      at_ = start;
      return false;
    }
    if (comma && !has_most) most = kUnbounded;
    if (least > kMaxRepeat || most > kMaxRepeat) {
      error("repeats more than " + std::to_string(kMaxRepeat) + " times", start);
    }
    if (most != kUnbounded && most < least) error("{m,n} with m greater than n", start);
    return true;
  }

  bool number(int& value) {
    const std::size_t start = at_;
    std::int64_t v = 0;
    for (; at_ < text_.size() && text_[at_] >= U'0' && text_[at_] <= U'9'; ++at_) {
      v = std::min<std::int64_t>(v * 10 + (text_[at_] - U'0'), kMaxRepeat + 1);
    }
    value = static_cast<int>(v);
    return at_ > start;
  }

  // Null for what only sets flags.
  ExpressionPtr atom(int depth) {
    const std::size_t start = at_;
    const char32_t c = text_[at_++];
    switch (c) {
      case U'(':
        return group(depth, start);
      case U'[':
        return Expression::of_chars(bracket(start));
      case U'.':
        return Expression::of_chars(any());
      case U'^':
        return Expression::of_symbol(kTextStart);
      case U'$':
        return Expression::of_symbol(kTextEndMark);
      case U'\\':
        return escape(start);
      case U'*':
      case U'+':
      case U'?':
        error("nothing to repeat", start);
      case U'{': {
        int least = 0, most = 0;
        --at_;
        if (quantifier(least, most)) error("nothing to repeat", start);
        ++at_;
        return one_char(c);
      }
      default:
        return one_char(c);
    }
  }

  ExpressionPtr chars(CharSet set) const {
    return Expression::of_chars(ignore_case_ ? ignoring_case(std::move(set)) : std::move(set));
  }
  ExpressionPtr one_char(char32_t c) const {
    return chars(CharSet(static_cast<UChar32>(c), static_cast<UChar32>(c)));
  }
  CharSet any() const {
    CharSet set = every_char();
    if (!dot_all_) set.remove('\n').remove('\r').remove(0x2028, 0x2029);
    return set;
  }

  ExpressionPtr group(int depth, std::size_t start) {
    const bool case_before = ignore_case_, dot_before = dot_all_;
    if (take(U'?')) {
      if (take(U"<=") || take(U"<!")) error("lookbehind is not supported", start);
      if (next_is(U'=') || next_is(U'!')) return lookahead(depth, start, take(U'!'));
      if (next_is(U'>')) error("atomic groups are not supported", start);
      if (take(U"P=")) error("backreferences are not supported", start);
      if (take(U"P<") || take(U'<')) {
        while (!at_end() && !next_is(U'>')) ++at_;
        if (!take(U'>')) error("group name without '>'", start);
      } else if (!take(U':') && flags(start)) {
        return nullptr;  // (?i): until the end of the group around it
      }
    }
    ExpressionPtr inside = alternation(depth + 1);
    if (!take(U')')) error("'(' without ')'", start);
    ignore_case_ = case_before, dot_all_ = dot_before;
    return inside;
  }

  ExpressionPtr lookahead(int depth, std::size_t start, bool negated) {
    if (!negated) take(U'=');
    const bool case_before = ignore_case_, dot_before = dot_all_;
    ExpressionPtr out = Expression::make(Kind::kLookahead);
    out->negated = negated;
    out->parts.push_back(alternation(depth + 1));
    if (!take(U')')) error("'(' without ')'", start);
    ignore_case_ = case_before, dot_all_ = dot_before;
    return out;
  }

  // True when the group held flags only.
  bool flags(std::size_t start) {
    bool on = true;
    for (; !at_end(); ++at_) {
      switch (text_[at_]) {
        case U'-':
          on = false;
          break;
        case U'i':
          ignore_case_ = on;
          break;
        case U's':
          dot_all_ = on;
          break;
        case U')':
        case U':':
          return text_[at_++] == U')';
        default:
          error("only the flags i and s are supported", at_);
      }
    }
    error("'(' without ')'", start);
  }

  ExpressionPtr escape(std::size_t start) {
    if (at_end()) error("'\\' at the end", start);
    const char32_t c = text_[at_];
    if (c == U'A') return ++at_, Expression::of_symbol(kTextStart);
    if (c == U'z' || c == U'Z') return ++at_, Expression::of_symbol(kTextEndMark);
    if (c == U'b' || c == U'B') error("word boundaries are not supported", start);
    if ((c >= U'1' && c <= U'9') || c == U'k') error("backreferences are not supported", start);
    return chars(escaped_set(start));
  }

  // What follows a backslash, in a class or outside.
  CharSet escaped_set(std::size_t start) {
    if (at_end()) error("'\\' at the end", start);
    const char32_t c = text_[at_++];
    if (auto set = escape_class(c)) return *std::move(set);
    if (c == U'p' || c == U'P') return property(start, c == U'P');
    const char32_t value = escaped_char(c, start);
    return CharSet(static_cast<UChar32>(value), static_cast<UChar32>(value));
  }

  CharSet property(std::size_t start, bool negated) {
    std::string name;
    if (take(U'{')) {
      for (; !at_end() && !next_is(U'}'); ++at_) text::append_code_point(name, text_[at_]);
      if (!take(U'}')) error("\\p{ without '}'", start);
    } else if (!at_end()) {
      text::append_code_point(name, text_[at_++]);
    }
    const auto set = property_class(name);
    if (!set) error("no such Unicode property", start);
    return negated ? complement_of(*set) : *set;
  }

  char32_t escaped_char(char32_t c, std::size_t start) {
    switch (c) {
      case U't':
        return U'\t';
      case U'n':
        return U'\n';
      case U'r':
        return U'\r';
      case U'f':
        return U'\f';
      case U'v':
        return U'\v';
      case U'0':
        return U'\0';
      case U'x':
        return hex(2, start);
      case U'u':
        if (take(U'{')) {
          const char32_t value = hex(0, start);
          if (!take(U'}')) error("\\u{ without '}'", start);
          return value;
        }
        return hex(4, start);
      case U'U':
        return hex(8, start);
      case U'c':
        if (!at_end() && ((text_[at_] | 32) >= U'a' && (text_[at_] | 32) <= U'z')) {
          return text_[at_++] & 31;
        }
        error("\\c needs a letter", start);
      default:
        if ((c >= U'0' && c <= U'9') || (c >= U'A' && c <= U'Z') || (c >= U'a' && c <= U'z')) {
          error("unknown escape", start);
        }
        return c;
    }
  }

  // `digits` hexadecimal digits; 0: as many as there are.
  char32_t hex(int digits, std::size_t start) {
    std::uint32_t value = 0;
    int count = 0;
    for (; (digits == 0 || count < digits) && !at_end(); ++count, ++at_) {
      const char32_t c = text_[at_];
      const char32_t lower = c | 32;
      if (c >= U'0' && c <= U'9') {
        value = value * 16 + (c - U'0');
      } else if (lower >= U'a' && lower <= U'f') {
        value = value * 16 + (lower - U'a' + 10);
      } else {
        break;
      }
      if (value > kMaxCodePoint) error("beyond the last code point", start);
    }
    if (count == 0 || count < digits) error("hexadecimal digits missing", start);
    if (value >= 0xD800 && value <= 0xDFFF) error("a surrogate is not a character", start);
    return value;
  }

  CharSet bracket(std::size_t start) {
    const bool negated = take(U'^');
    CharSet set;
    for (bool first = true;; first = false) {
      if (at_end()) error("'[' without ']'", start);
      if (!first && take(U']')) break;
      if (first && next_is(U']')) {
        error("empty class: write \\] for the bracket itself", start);
      }
      const std::size_t item = at_;
      CharSet low = class_item(item);
      const bool range = next_is(U'-') && at_ + 1 < text_.size() && text_[at_ + 1] != U']';
      if (!range) {
        set.addAll(low);
        continue;
      }
      ++at_;
      const CharSet high = class_item(at_);
      if (low.size() != 1 || high.size() != 1) error("a range needs two characters", item);
      if (low.charAt(0) > high.charAt(0)) error("range with its ends swapped", item);
      set.add(low.charAt(0), high.charAt(0));
    }
    set.remove(0xD800, 0xDFFF);
    if (ignore_case_) set = ignoring_case(std::move(set));
    return negated ? complement_of(set) : set;
  }

  CharSet class_item(std::size_t start) {
    if (at_end()) error("'[' without ']'", start);
    if (take(U"[:")) error("POSIX classes are not supported", start);
    if (take(U'\\')) {
      if (take(U'b')) return CharSet('\b', '\b');
      if (!at_end() && text_[at_] >= U'1' && text_[at_] <= U'9') error("unknown escape", start);
      return escaped_set(start);
    }
    const auto c = static_cast<UChar32>(text_[at_++]);
    return CharSet(c, c);
  }

  std::string_view where_;
  std::u32string text_;
  std::size_t at_ = 0;
  bool ignore_case_ = false, dot_all_ = false;
};

bool has_anchor(const Expression& e) {
  if (e.kind == Kind::kSymbol) return true;
  for (const ExpressionPtr& part : e.parts) {
    if (has_anchor(*part)) return true;
  }
  return false;
}

void add_loop(Nfa& nfa, std::uint32_t state) {
  add_any_code_point(nfa, state, state);
}

// The end of the text, or nothing where it has been read.
Dfa end_of_text(const SizeLimit& limit) {
  Nfa nfa;
  nfa.add_epsilon(Nfa::kStart, Nfa::kAccept);
  nfa.add_edge(Nfa::kStart, kTextEndMark, kTextEndMark, Nfa::kAccept);
  return determinize(nfa, limit);
}

// The words between kTextStart and kTextEndMark.
Dfa without_ends(const Dfa& dfa) {
  Nfa nfa;
  const auto base = static_cast<std::uint32_t>(nfa.states.size());
  nfa.states.resize(base + dfa.states.size());
  for (std::uint32_t s = 0; s < dfa.states.size(); ++s) {
    for (const Edge& e : dfa.states[s].edges) {
      if (e.low == kTextStart) {
        nfa.add_epsilon(Nfa::kStart, base + e.target);
      } else if (e.low == kTextEndMark) {
        nfa.add_epsilon(base + s, Nfa::kAccept);
      } else {
        nfa.add_edge(base + s, e.low, e.high, base + e.target);
      }
    }
  }
  return determinize(nfa, {dfa.states.size() + 2, "regular expression"});
}

}  // namespace

Dfa parse_regex(std::string_view pattern, RegexMatch match, const SizeLimit& limit) {
  constexpr std::size_t kMaxBytes = 64 << 10;
  if (pattern.size() > kMaxBytes) {
    fail(ErrorKind::kInvalidInput,
         limit.what + " is longer than " + std::to_string(kMaxBytes) + " bytes",
         "split it into several");
  }
  const ExpressionPtr root = RegexParser(pattern, limit.what).parse();
  const bool looks_ahead = has_lookahead(*root), whole = match == RegexMatch::kWhole;
  const bool anchors = looks_ahead || has_anchor(*root);
  Nfa nfa;
  const std::uint32_t start = nfa.add_state(), after = nfa.add_state();
  if (looks_ahead) {
    const Dfa rest = whole ? end_of_text(limit) : any_rest(limit);
    nfa.add_dfa(start, followed_by(*root, rest, whole, limit), Nfa::kAccept);
  } else {
    add_expression(nfa, start, *root, after, CharEncoding::kCodePoints, limit);
  }
  nfa.add_epsilon(Nfa::kStart, start);
  nfa.add_epsilon(after, Nfa::kAccept);
  // In search, text may precede and follow the match, and with anchors the ends of the text too.
  const auto outside = [&](std::uint32_t from, std::uint32_t to, Symbol end) {
    const std::uint32_t s = nfa.add_state();
    nfa.add_epsilon(from, s);
    if (match == RegexMatch::kSearch) add_loop(nfa, s);
    if (!anchors) return nfa.add_epsilon(s, to);
    const std::uint32_t t = nfa.add_state();
    if (end == kTextStart) {
      nfa.add_edge(from, end, end, t);
      if (match == RegexMatch::kSearch) add_loop(nfa, t);
      nfa.add_epsilon(t, to);
    } else {
      nfa.add_edge(s, end, end, to);
    }
  };
  if (anchors || match == RegexMatch::kSearch) {
    outside(Nfa::kStart, start, kTextStart);
    outside(after, Nfa::kAccept, kTextEndMark);
  }
  const Dfa found = determinize(nfa, limit);
  if (!anchors) return found;
  Nfa between;  // kTextStart, any text, kTextEndMark
  const std::uint32_t inside = between.add_state();
  between.add_edge(Nfa::kStart, kTextStart, kTextStart, inside);
  add_loop(between, inside);
  between.add_edge(inside, kTextEndMark, kTextEndMark, Nfa::kAccept);
  return without_ends(intersect(found, determinize(between, limit), limit));
}

}  // namespace parley::engine
