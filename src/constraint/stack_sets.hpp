// Where a text stands in a grammar: the set of all stacks of unfinished calls that can have read
// it. Such sets are trees with shared branches. A set holds each state at most once as the top of a
// stack, with the set of everything that may lie below it, and equal sets have equal numbers:
// however ambiguous the grammar, n bytes of text make about n sets, not 2^n stacks; and what a byte
// does to a set is looked up from the second time on.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "constraint/pushdown.hpp"

namespace parley::engine {

using SetId = std::uint32_t;

inline constexpr SetId kEmptySet = 0;  // no stack: the text is not of the language
// The pushdown's own states are below these.
inline constexpr StateId kTextEnd = 0xFFFFFFF0u;  // bottom of the stack: nothing may follow
inline constexpr StateId kOutside = 0xFFFFFFF1u;  // bottom: what follows is not known here

struct Frame {
  StateId state;
  SetId below;
  bool operator==(const Frame&) const = default;
};

class StackSets {
 public:
  explicit StackSets(std::shared_ptr<const Pushdown> pushdown);

  const Pushdown& pushdown() const { return *pushdown_; }

  // Before the first byte.
  SetId start();
  // The set {(bottom)}: REQUIRES kTextEnd or kOutside.
  SetId bottom(StateId state);
  // In the middle of a rule: state over `below`. Calls and ends of rules are not followed, so that
  // only the state's own bytes lead on.
  SetId single(StateId state, SetId below);
  // After the call that the top frames of `below` wait for has ended.
  SetId resume(SetId below);
  // After one more byte.
  SetId step(SetId set, std::uint8_t byte) {
    SetId& next = row(set)[pushdown_->byte_class(byte)];
    return next != kUnknown ? next : compute_step(set, byte);
  }

  // By state; valid until the next call of a non-const function.
  std::span<const Frame> frames(SetId set) const {
    return {frames_.data() + sets_[set].first, sets_[set].count};
  }
  bool holds(SetId set, StateId bottom) const;
  bool may_end(SetId set) const { return holds(set, kTextEnd); }

  // Frames looked at so far: a measure of work that does not depend on the machine.
  std::uint64_t work() const { return work_; }
  // Memory in use, in bytes.
  std::size_t bytes() const;
  // Forgets all sets but those that `roots` reach, and writes their new numbers into `roots`.
  void keep_only(std::span<std::vector<SetId>* const> roots);

 private:
  struct Set {
    std::uint32_t first, count;
    std::uint32_t depth;  // of the deepest stack
    std::uint32_t row;    // of steps_, or kUnknown
  };
  static constexpr SetId kUnknown = ~0u;

  SetId* row(SetId set) {
    if (sets_[set].row == kUnknown) add_row(set);
    return steps_.data() + sets_[set].row;
  }
  void add_row(SetId set);
  SetId compute_step(SetId set, std::uint8_t byte);
  SetId intern(std::span<const Frame> frames);
  void grow_index();
  SetId merge(SetId a, SetId b);
  void clear();

  // The set under construction: its top frames, each state once.
  void add_top(StateId state, SetId below);
  void follow_ends();
  void follow_calls();
  SetId finish();

  std::shared_ptr<const Pushdown> pushdown_;
  std::vector<Set> sets_;
  std::vector<Frame> frames_;
  std::vector<SetId> steps_;
  std::vector<SetId> index_;  // open addressing by the frames' hash; power-of-two size
  std::unordered_map<std::uint64_t, SetId> merged_;
  std::uint64_t work_ = 0;

  std::vector<Frame> tops_;
  std::unordered_map<StateId, std::uint32_t> top_of_;            // only when tops_ is long
  std::vector<Frame> todo_;                                      // tops as they were added
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranked_;  // rank, index of tops_
};

}  // namespace parley::engine
