#include "constraint/pushdown.hpp"

#include <algorithm>

#include "constraint/json_string.hpp"

namespace parley::engine {

StateId Pushdown::CountedString::start() const {
  return first + rows * JsonCharacters::get().states();
}
StateId Pushdown::CountedString::end() const {
  return start() + 1;
}

Pushdown::Place Pushdown::place_of(StateId state) const {
  const auto after =
      std::upper_bound(counted_.begin(), counted_.end(), state,
                       [](StateId s, const CountedString& c) { return s < c.first; });
  const CountedString& counted = *std::prev(after);
  const std::uint32_t offset = state - counted.first, width = JsonCharacters::get().states();
  return {&counted, offset / width, offset % width};
}

StateId Pushdown::counted_step(const Place& place, std::uint8_t byte) const {
  const CountedString& counted = *place.counted;
  const JsonCharacters& characters = JsonCharacters::get();
  const StateId state = counted.first + place.count * characters.states() + place.state;
  if (state == counted.end()) return kNoState;
  if (state == counted.start()) return byte == '"' ? counted.first : kNoState;
  if (place.state == JsonCharacters::kHub) {
    if (byte == '"') return place.count >= counted.least ? counted.end() : kNoState;
    if (counted.most != kUnbounded && place.count >= counted.most) return kNoState;
  }
  const std::uint32_t next = characters.step(place.state, byte);
  if (next == JsonCharacters::kNone) return kNoState;
  std::uint32_t count = place.count + (next == JsonCharacters::kHub ? 1 : 0);
  count = std::min(count, counted.rows - 1);  // without a maximum, counting stops at the minimum
  return counted.first + count * characters.states() + next;
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
  const std::uint32_t room = counted.most == kUnbounded ? horizon : counted.most - count;
  return {counted.follow_hash, before ? state - counted.start() + 1 : 0, place.state,
          std::uint64_t{std::min(missing, horizon)} << 32 | std::min(room, horizon)};
}

}  // namespace parley::engine
