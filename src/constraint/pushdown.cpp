#include "constraint/pushdown.hpp"

#include <algorithm>

namespace parley::engine {

std::size_t Pushdown::bytes() const {
  std::size_t out = sizeof *this + states_.size() * sizeof(State) +
                    edges_.size() * sizeof(ByteEdge) + calls_.size() * sizeof(Call) +
                    rules_.size() * sizeof(Rule) + alike_.size() * sizeof alike_[0] +
                    counted_.size() * sizeof(CountedString);
  for (const CountedString& counted : counted_) {
    if (counted.words != CountedWords::any()) out += counted.words->bytes();
  }
  return out;
}

StateId Pushdown::CountedString::start() const {
  return first + rows * words->states();
}
StateId Pushdown::CountedString::end() const {
  return start() + 1;
}

Pushdown::Place Pushdown::place_of(StateId state) const {
  const auto after =
      std::upper_bound(counted_.begin(), counted_.end(), state,
                       [](StateId s, const CountedString& c) { return s < c.first; });
  const CountedString& counted = *std::prev(after);
  const std::uint32_t offset = state - counted.first, width = counted.words->states();
  return {&counted, offset / width, offset % width};
}

StateId Pushdown::counted_step(const Place& place, std::uint8_t byte) const {
  const CountedString& counted = *place.counted;
  const CountedWords& words = *counted.words;
  const StateId state = counted.first + place.count * words.states() + place.state;
  if (state == counted.end()) return kNoState;
  if (state == counted.start()) return byte == '"' ? counted.first : kNoState;
  if (byte == '"' && words.is_between(place.state)) {
    const bool may_end = words.accepting(place.state) && place.count >= counted.least;
    return may_end ? counted.end() : kNoState;
  }
  const std::uint32_t next = words.step(place.state, byte);
  if (next == CountedWords::kNone) return kNoState;
  std::uint32_t count = place.count + (words.is_between(next) ? 1 : 0);
  if (count > counted.most) return kNoState;
  const std::uint32_t room = counted.most == kUnbounded ? kUnbounded : counted.most - count;
  if (!words.may_go_on(next, counted.least - std::min(counted.least, count), room)) return kNoState;
  count = std::min(count, counted.rows - 1);  // without a maximum, counting stops at the minimum
  return counted.first + count * words.states() + next;
}

StateId Pushdown::step(StateId state, std::uint8_t byte) const {
  if (state >= states_.size()) return counted_step(place_of(state), byte);
  const State& s = states_[state];
  const auto first = edges_.begin() + s.first_edge, last = first + s.edge_count;
  const auto at = std::lower_bound(first, last, byte,
                                   [](const ByteEdge& e, std::uint8_t b) { return e.high < b; });
  return at != last && at->low <= byte ? at->target : kNoState;
}

bool Pushdown::accepting(StateId state) const {
  if (state < states_.size()) return states_[state].accepting;
  const Place place = place_of(state);
  return state == place.counted->end();
}

bool Pushdown::reads_bytes(StateId state) const {
  if (state < states_.size()) return states_[state].edge_count != 0;
  return !accepting(state);
}

bool Pushdown::is_end(StateId state) const {
  return accepting(state) && !reads_bytes(state) && calls(state).empty();
}

const std::bitset<256>& Pushdown::follow(StateId state) const {
  return state < states_.size() ? rules_[states_[state].rule].follow
                                : place_of(state).counted->follow;
}

StateKey Pushdown::key(StateId state, std::uint32_t horizon) const {
  if (state < states_.size()) {
    const Rule& rule = rules_[states_[state].rule];
    return {rule.fingerprint[0], rule.fingerprint[1], state - rule.first, rule.follow_hash};
  }
  const Place place = place_of(state);
  const CountedString& counted = *place.counted;
  const bool before = state >= counted.start();
  const std::uint32_t count = before ? 0 : place.count;
  const std::uint32_t missing = counted.least - std::min(counted.least, count);
  const std::uint32_t far = horizon + counted.words->horizon();
  const std::uint32_t room = counted.most == kUnbounded ? far : counted.most - count;
  const std::uint64_t where =
      before ? std::uint64_t{state - counted.start() + 1} << 32 : std::uint64_t{place.state};
  return {counted.follow_hash, counted.words->fingerprint(), where,
          std::uint64_t{std::min(missing, far)} << 32 | std::min(room, far)};
}

StateId Pushdown::alike(StateId state) const {
  const auto at = std::lower_bound(alike_.begin(), alike_.end(), std::pair(state, StateId{0}));
  return at == alike_.end() || at->first != state ? kNoState : at->second;
}

}  // namespace parley::engine
