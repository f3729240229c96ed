#include "constraint/lookahead.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"

namespace parley::engine {
namespace {

bool is_start(const Expression& e) {
  return e.kind == Expression::Kind::kSymbol && e.symbol == kTextStart;
}

bool has_start(const Expression& e) {
  return is_start(e) || std::any_of(e.parts.begin(), e.parts.end(),
                                    [](const ExpressionPtr& part) { return has_start(*part); });
}

class LookaheadReader {
 public:
  explicit LookaheadReader(const SizeLimit& limit) : limit_(limit), any_(any_rest(limit)) {}

  Dfa read(const Expression& e, const Dfa& rest, bool at_start) {
    if (is_start(e)) {
      if (at_start) return rest;
      if (inside_ > 0) fail_at("'^' in a lookahead that may stand elsewhere");
    }
    if (!has_lookahead(e) && (inside_ == 0 || !has_start(e))) return in_front(e, rest);
    switch (e.kind) {
      case Expression::Kind::kConcatenation:
        return read_parts(e, rest, at_start);
      case Expression::Kind::kAlternation: {
        Dfa out;
        for (const ExpressionPtr& part : e.parts)
          out = unite(out, read(*part, rest, at_start), limit_);
        return out;
      }
      case Expression::Kind::kLookahead: {
        ++inside_;
        const Dfa ahead = read(*e.parts[0], any_, at_start);
        --inside_;
        return e.negated ? subtract(rest, ahead, limit_) : intersect(rest, ahead, limit_);
      }
      case Expression::Kind::kRepeat:
        return read_repeat(e, rest);
      default:
        return in_front(e, rest);
    }
  }

 private:
  [[noreturn]] void fail_at(const char* what) const {
    fail(ErrorKind::kInvalidInput, limit_.what + ": " + what + " is not supported",
         "write the pattern without lookahead");
  }

  Dfa in_front(const Expression& e, const Dfa& rest) const {
    Nfa nfa;
    const std::uint32_t middle = nfa.add_state();
    add_expression(nfa, Nfa::kStart, e, middle, CharEncoding::kCodePoints, limit_);
    nfa.add_dfa(middle, rest, Nfa::kAccept);
    return determinize(nfa, limit_);
  }

  Dfa read_parts(const Expression& e, const Dfa& rest, bool at_start) {
    std::vector<bool> starts;  // by part: it begins where the text does
    for (const ExpressionPtr& part : e.parts) {
      starts.push_back(at_start);
      at_start = is_start(*part) || (at_start && part->kind == Expression::Kind::kLookahead);
    }
    Dfa out = rest;
    for (std::size_t i = e.parts.size(); i-- > 0;) out = read(*e.parts[i], out, starts[i]);
    return out;
  }

  Dfa read_repeat(const Expression& e, const Dfa& rest) {
    constexpr int kMaxRepeat = 20;
    if (e.most == Expression::kUnbounded || e.most > kMaxRepeat)
      fail_at("lookahead in a repetition without a small bound");
    Dfa out = rest;
    for (int i = e.least; i < e.most; ++i) out = unite(rest, read(*e.parts[0], out, false), limit_);
    for (int i = 0; i < e.least; ++i) out = read(*e.parts[0], out, false);
    return out;
  }

  const SizeLimit& limit_;
  const Dfa any_;
  int inside_ = 0;  // so many lookaheads
};

}  // namespace

bool has_lookahead(const Expression& e) {
  if (e.kind == Expression::Kind::kLookahead) return true;
  return std::any_of(e.parts.begin(), e.parts.end(),
                     [](const ExpressionPtr& part) { return has_lookahead(*part); });
}

Dfa any_rest(const SizeLimit& limit) {
  Nfa nfa;
  const std::uint32_t loop = nfa.add_state();
  nfa.add_epsilon(Nfa::kStart, loop);
  nfa.add_epsilon(Nfa::kStart, Nfa::kAccept);
  add_any_code_point(nfa, loop, loop);
  nfa.add_edge(loop, kTextEndMark, kTextEndMark, Nfa::kAccept);
  return determinize(nfa, limit);
}

Dfa followed_by(const Expression& expression, const Dfa& rest, bool at_start,
                const SizeLimit& limit) {
  return LookaheadReader(limit).read(expression, rest, at_start);
}

}  // namespace parley::engine
