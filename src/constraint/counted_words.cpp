#include "constraint/counted_words.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "base/sha256.hpp"
#include "constraint/compile_stop.hpp"
#include "constraint/json_string.hpp"

namespace parley::engine {

std::shared_ptr<const CountedWords> CountedWords::make(const Dfa& bytes, std::uint32_t most) {
  std::shared_ptr<CountedWords> out(new CountedWords(bytes));
  out->find_characters();
  if (!out->find_lengths(most)) return nullptr;
  std::string text;
  for (const Dfa::State& state : bytes.states) {
    text += state.accepting ? '+' : '-';
    for (const Edge& e : state.edges)
      text += std::to_string(e.low) + "-" + std::to_string(e.high) + ">" +
              std::to_string(e.target) + ",";
  }
  out->fingerprint_ = std::stoull(sha256_hex(text).substr(0, 16), nullptr, 16);
  return out;
}

const std::shared_ptr<const CountedWords>& CountedWords::any() {
  static const std::shared_ptr<const CountedWords> words = make(json_characters_dfa(), kUnbounded);
  return words;
}

std::uint32_t CountedWords::step(std::uint32_t state, std::uint8_t byte) const {
  const std::vector<Edge>& edges = dfa_.states[state].edges;
  const auto at = std::lower_bound(edges.begin(), edges.end(), Symbol{byte},
                                   [](const Edge& e, Symbol x) { return e.high < x; });
  return at == edges.end() || at->low > byte ? kNone : at->target;
}

// A state is never both between characters and inside one: between them the next may always be
// written as \uXXXX, or the string ends; inside one, neither is possible in the same way.
void CountedWords::find_characters() {
  const JsonCharacters& characters = JsonCharacters::get();
  between_.resize(dfa_.states.size());
  std::vector<std::uint8_t> known(dfa_.states.size());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> todo{{0, JsonCharacters::kHub}};
  known[0] = 1;
  while (!todo.empty()) {
    const auto [state, character] = todo.back();
    todo.pop_back();
    between_[state] = character == JsonCharacters::kHub ? 1 : 0;
    for (const Edge& e : dfa_.states[state].edges) {
      if (std::exchange(known[e.target], 1)) continue;
      todo.emplace_back(e.target, characters.step(character, static_cast<std::uint8_t>(e.low)));
    }
  }
}

bool CountedWords::find_lengths(std::uint32_t most) {
  constexpr std::size_t kMaxCells = 1'000'000;
  const std::size_t n = dfa_.states.size();
  std::vector<std::vector<std::uint32_t>> before(n);
  for (std::uint32_t s = 0; s < n; ++s) {
    for (const Edge& e : dfa_.states[s].edges) before[e.target].push_back(s);
  }
  // Row k: the states from which a word ends after exactly k more characters.
  std::vector<std::vector<std::uint8_t>> ends(1, std::vector<std::uint8_t>(n));
  for (std::size_t s = 0; s < n; ++s) ends[0][s] = accepting(static_cast<std::uint32_t>(s));
  while (ends.size() <= most) {
    CompileStop::poll();
    if ((ends.size() + 1) * n > kMaxCells) return false;
    const std::vector<std::uint8_t>& last = ends.back();
    std::vector<std::uint8_t> row(n);
    std::vector<std::uint32_t> todo;
    const auto add_before = [&](std::uint32_t state) {
      for (const std::uint32_t p : before[state]) {
        if (!std::exchange(row[p], 1)) todo.push_back(p);
      }
    };
    for (std::uint32_t s = 0; s < n; ++s) {
      if (last[s] && is_between(s)) add_before(s);
    }
    while (!todo.empty()) {
      const std::uint32_t s = todo.back();
      todo.pop_back();
      if (!is_between(s)) add_before(s);
    }
    if (row == last) break;
    ends.push_back(std::move(row));
  }
  rows_ = static_cast<std::uint32_t>(ends.size());
  next_end_.resize(rows_ * n);
  for (std::size_t k = rows_; k-- > 0;) {
    for (std::size_t s = 0; s < n; ++s) {
      const std::uint32_t later = k + 1 < rows_ ? next_end_[(k + 1) * n + s] : kNone;
      next_end_[k * n + s] = ends[k][s] != 0 ? static_cast<std::uint32_t>(k) : later;
    }
  }
  return true;
}

bool CountedWords::may_go_on(std::uint32_t state, std::uint32_t least, std::uint32_t most) const {
  if (least > most) return false;
  const std::uint32_t row = std::min(least, rows_ - 1);
  const std::uint32_t end = next_end_[std::size_t{row} * states() + state];
  return end != kNone && (least > end || end <= most);
}

std::size_t CountedWords::bytes() const {
  std::size_t out = sizeof *this + between_.size() + next_end_.size() * sizeof(std::uint32_t);
  for (const Dfa::State& state : dfa_.states)
    out += sizeof state + state.edges.size() * sizeof(Edge);
  return out;
}

}  // namespace parley::engine
