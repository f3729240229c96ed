#include "constraint/expression.hpp"

#include <utility>

#include "constraint/encoding.hpp"

namespace parley::engine {
namespace {

class Emitter {
 public:
  Emitter(Nfa& nfa, CharEncoding encoding, const SizeLimit& limit)
      : nfa_(nfa), encoding_(encoding), limit_(limit) {}

  void emit(const Expression& e, std::uint32_t from, std::uint32_t to) {
    constexpr std::size_t kMaxNfaStates = 500'000;
    if (nfa_.states.size() > kMaxNfaStates) fail_too_large({kMaxNfaStates, limit_.what});
    switch (e.kind) {
      case Expression::Kind::kChars:
        return emit_chars(e.chars, from, to);
      case Expression::Kind::kSymbol:
        return nfa_.add_edge(from, e.symbol, e.symbol, to);
      case Expression::Kind::kConcatenation:
        for (const ExpressionPtr& part : e.parts) from = emit_next(*part, from);
        return nfa_.add_epsilon(from, to);
      case Expression::Kind::kAlternation:
        for (const ExpressionPtr& part : e.parts) nfa_.add_epsilon(emit_next(*part, from), to);
        return;
      case Expression::Kind::kRepeat:
        return emit_repeat(e, from, to);
      case Expression::Kind::kLookahead:
        return;  // matches nothing by itself
    }
  }

 private:
  // Between states of its own, so that loops of neighbours do not mix; the state after it.
  std::uint32_t emit_next(const Expression& e, std::uint32_t from) {
    const std::uint32_t start = nfa_.add_state(), next = nfa_.add_state();
    nfa_.add_epsilon(from, start);
    emit(e, start, next);
    return next;
  }

  void emit_chars(const CharSet& chars, std::uint32_t from, std::uint32_t to) {
    for (int i = 0; i < chars.getRangeCount(); ++i) {
      const auto low = static_cast<Symbol>(chars.getRangeStart(i));
      const auto high = static_cast<Symbol>(chars.getRangeEnd(i));
      if (encoding_ == CharEncoding::kUtf8) {
        add_utf8_range(nfa_, from, low, high, to);
      } else {
        nfa_.add_edge(from, low, high, to);
      }
    }
  }

  void emit_repeat(const Expression& e, std::uint32_t from, std::uint32_t to) {
    const Expression& part = *e.parts[0];
    for (int i = 0; i < e.least; ++i) from = emit_next(part, from);
    if (e.most == Expression::kUnbounded) {
      const std::uint32_t loop = nfa_.add_state();
      nfa_.add_epsilon(from, loop);
      nfa_.add_epsilon(emit_next(part, loop), loop);
      from = loop;
    }
    for (int i = e.least; i < e.most; ++i) {
      nfa_.add_epsilon(from, to);
      from = emit_next(part, from);
    }
    nfa_.add_epsilon(from, to);
  }

  Nfa& nfa_;
  const CharEncoding encoding_;
  const SizeLimit& limit_;
};

}  // namespace

ExpressionPtr Expression::make(Kind kind) {
  auto out = std::make_unique<Expression>();
  out->kind = kind;
  return out;
}

ExpressionPtr Expression::of_chars(CharSet chars) {
  ExpressionPtr out = make(Kind::kChars);
  out->chars = std::move(chars);
  return out;
}

ExpressionPtr Expression::of_symbol(Symbol symbol) {
  ExpressionPtr out = make(Kind::kSymbol);
  out->symbol = symbol;
  return out;
}

ExpressionPtr Expression::repeat(ExpressionPtr part, int least, int most) {
  ExpressionPtr out = make(Kind::kRepeat);
  out->least = least, out->most = most;
  out->parts.push_back(std::move(part));
  return out;
}

void add_expression(Nfa& nfa, std::uint32_t from, const Expression& expression, std::uint32_t to,
                    CharEncoding encoding, const SizeLimit& limit) {
  Emitter(nfa, encoding, limit).emit(expression, from, to);
}

}  // namespace parley::engine
