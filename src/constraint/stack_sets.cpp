#include "constraint/stack_sets.hpp"

#include <algorithm>
#include <utility>

namespace parley::engine {
namespace {

constexpr std::size_t kFewTops = 24;  // searched one by one; more are looked up

std::uint64_t hash_of(std::span<const Frame> frames) {
  std::uint64_t h = 0x9E3779B97F4A7C15ull;
  for (const Frame& f : frames) {
    h = (h ^ (std::uint64_t{f.state} << 32 | f.below)) * 0xFF51AFD7ED558CCDull;
    h ^= h >> 29;
  }
  return h;
}

}  // namespace

StackSets::StackSets(std::shared_ptr<const Pushdown> pushdown) : pushdown_(std::move(pushdown)) {
  clear();
}

void StackSets::clear() {
  sets_.assign(1, {0, 0, 0, kUnknown});  // the empty set
  frames_.clear();
  steps_.clear();
  index_.assign(64, kEmptySet);
  merged_.clear();
}

SetId StackSets::bottom(StateId state) {
  return single(state, kEmptySet);
}

SetId StackSets::single(StateId state, SetId below) {
  const Frame frame{state, below};
  return intern({&frame, 1});
}

SetId StackSets::start() {
  const SetId end = bottom(kTextEnd);
  tops_.clear(), top_of_.clear();
  add_top(pushdown_->start(), end);
  if (pushdown_->accepts_empty()) add_top(kTextEnd, kEmptySet);
  follow_calls();
  return finish();
}

SetId StackSets::resume(SetId below) {
  tops_.clear(), top_of_.clear();
  for (std::uint32_t i = 0; i < sets_[below].count; ++i) {
    const Frame f = frames_[sets_[below].first + i];
    add_top(f.state, f.below);
  }
  follow_ends();
  follow_calls();
  return finish();
}

SetId StackSets::compute_step(SetId set, std::uint8_t byte) {
  tops_.clear(), top_of_.clear();
  for (std::uint32_t i = 0; i < sets_[set].count; ++i) {
    const Frame f = frames_[sets_[set].first + i];
    ++work_;
    if (f.state >= kTextEnd) continue;
    const StateId next = pushdown_->step(f.state, byte);
    if (next != kNoState) add_top(next, f.below);
  }
  if (!tops_.empty()) {
    follow_ends();
    follow_calls();
  }
  const SetId out = finish();
  row(set)[pushdown_->byte_class(byte)] = out;
  return out;
}

bool StackSets::holds(SetId set, StateId bottom) const {
  const std::span<const Frame> all = frames(set);
  for (auto f = all.rbegin(); f != all.rend() && f->state >= kTextEnd; ++f) {
    if (f->state == bottom) return true;
  }
  return false;
}

void StackSets::add_top(StateId state, SetId below) {
  ++work_;
  if (state < kTextEnd && sets_[below].depth + pushdown_->need(state) > Pushdown::kMaxDepth) return;
  std::uint32_t at = 0;
  if (tops_.size() <= kFewTops) {
    while (at < tops_.size() && tops_[at].state != state) ++at;
  } else {
    if (top_of_.empty()) {
      for (std::uint32_t i = 0; i < tops_.size(); ++i) top_of_.emplace(tops_[i].state, i);
    }
    at = top_of_.emplace(state, static_cast<std::uint32_t>(tops_.size())).first->second;
  }
  if (at == tops_.size()) {
    tops_.push_back({state, below});
  } else {
    const SetId both = merge(tops_[at].below, below);
    if (both == tops_[at].below) return;
    tops_[at].below = both;
  }
  todo_.push_back({state, below});
}

// The end of a rule is also the place where its caller goes on. Of a top whose stacks grow only
// what was added is looked at; sets only grow, so this ends.
void StackSets::follow_ends() {
  while (!todo_.empty()) {
    const Frame top = todo_.back();
    todo_.pop_back();
    if (top.state >= kTextEnd || !pushdown_->accepting(top.state)) continue;
    for (std::uint32_t i = 0; i < sets_[top.below].count; ++i) {
      const Frame f = frames_[sets_[top.below].first + i];
      add_top(f.state, f.below);
    }
  }
}

// Callers before the rules they call (Pushdown::rank), so that all callers of a rule are known when
// its own calls are followed.
void StackSets::follow_calls() {
  using Ranked = std::pair<std::uint32_t, std::uint32_t>;  // rank, index of tops_
  const auto later = [](const Ranked& a, const Ranked& b) { return a.first > b.first; };
  std::vector<Ranked>& queue = ranked_;
  queue.clear();
  const auto enqueue = [&](std::uint32_t at) {
    if (tops_[at].state >= kTextEnd || pushdown_->calls(tops_[at].state).empty()) return;
    queue.push_back({pushdown_->rank(tops_[at].state), at});
    std::push_heap(queue.begin(), queue.end(), later);
  };
  for (std::uint32_t i = 0; i < tops_.size(); ++i) enqueue(i);
  while (!queue.empty()) {
    const std::uint32_t at = queue.front().second;
    std::pop_heap(queue.begin(), queue.end(), later);
    queue.pop_back();
    const Frame top = tops_[at];
    for (const Call& call : pushdown_->calls(top.state)) {
      // Nothing is left to do after a call at a rule's end: its caller's stack will do.
      const bool last = pushdown_->is_end(call.next);
      const std::uint32_t depth = sets_[top.below].depth;
      if (!last && depth + pushdown_->need(call.next) > Pushdown::kMaxDepth) continue;
      const SetId below = last ? top.below : single(call.next, top.below);
      const std::size_t before = tops_.size();
      add_top(call.start, below);
      if (tops_.size() > before) enqueue(static_cast<std::uint32_t>(before));
    }
  }
  todo_.clear();
}

SetId StackSets::finish() {
  std::erase_if(tops_, [&](const Frame& f) {
    return f.state < kTextEnd && !pushdown_->reads_bytes(f.state);
  });
  std::sort(tops_.begin(), tops_.end(),
            [](const Frame& a, const Frame& b) { return a.state < b.state; });
  todo_.clear();
  return intern(tops_);
}

SetId StackSets::intern(std::span<const Frame> frames) {
  if (frames.empty()) return kEmptySet;
  work_ += frames.size();
  if (sets_.size() * 2 > index_.size()) grow_index();
  std::size_t at = hash_of(frames) & (index_.size() - 1);
  for (; index_[at] != kEmptySet; at = (at + 1) & (index_.size() - 1)) {
    const std::span<const Frame> other = this->frames(index_[at]);
    if (std::equal(other.begin(), other.end(), frames.begin(), frames.end())) return index_[at];
  }
  std::uint32_t depth = 0;
  for (const Frame& f : frames) depth = std::max(depth, sets_[f.below].depth + 1);
  index_[at] = static_cast<SetId>(sets_.size());
  sets_.push_back({static_cast<std::uint32_t>(frames_.size()),
                   static_cast<std::uint32_t>(frames.size()), depth, kUnknown});
  frames_.insert(frames_.end(), frames.begin(), frames.end());
  return index_[at];
}

void StackSets::grow_index() {
  index_.assign(index_.size() * 2, kEmptySet);
  for (SetId set = 1; set < sets_.size(); ++set) {
    std::size_t at = hash_of(frames(set)) & (index_.size() - 1);
    while (index_[at] != kEmptySet) at = (at + 1) & (index_.size() - 1);
    index_[at] = set;
  }
}

void StackSets::add_row(SetId set) {
  sets_[set].row = static_cast<std::uint32_t>(steps_.size());
  steps_.resize(steps_.size() + static_cast<std::size_t>(pushdown_->byte_classes()), kUnknown);
}

// Recursion is as deep as the shallower set: at most Pushdown::kMaxDepth.
SetId StackSets::merge(SetId a, SetId b) {
  if (a == b || b == kEmptySet) return a;
  if (a == kEmptySet) return b;
  if (a > b) std::swap(a, b);
  const std::uint64_t key = std::uint64_t{a} << 32 | b;
  if (const auto found = merged_.find(key); found != merged_.end()) return found->second;
  std::vector<Frame> both;
  std::uint32_t i = 0, j = 0;
  while (i < sets_[a].count || j < sets_[b].count) {
    ++work_;
    const bool from_a = i < sets_[a].count, from_b = j < sets_[b].count;
    const Frame x = from_a ? frames_[sets_[a].first + i] : Frame{};
    const Frame y = from_b ? frames_[sets_[b].first + j] : Frame{};
    if (from_a && (!from_b || x.state < y.state)) {
      both.push_back(x), ++i;
    } else if (from_b && (!from_a || y.state < x.state)) {
      both.push_back(y), ++j;
    } else {
      both.push_back({x.state, merge(x.below, y.below)}), ++i, ++j;
    }
  }
  const SetId out = intern(both);
  merged_.emplace(key, out);
  return out;
}

std::size_t StackSets::bytes() const {
  constexpr std::size_t kMergedEntry = 40;  // a node of the hash table
  return sets_.size() * sizeof(Set) + frames_.size() * sizeof(Frame) +
         (steps_.size() + index_.size()) * sizeof(SetId) + merged_.size() * kMergedEntry;
}

void StackSets::keep_only(std::span<std::vector<SetId>* const> roots) {
  // A frame's `below` always has a smaller number than the set it is in.
  std::vector<std::uint8_t> wanted(sets_.size());
  for (const std::vector<SetId>* list : roots) {
    for (const SetId set : *list) wanted[set] = 1;
  }
  for (std::size_t set = sets_.size(); set-- > 1;) {
    if (!wanted[set]) continue;
    for (const Frame& f : frames(static_cast<SetId>(set))) wanted[f.below] = 1;
  }
  const std::vector<Set> old_sets = std::move(sets_);
  const std::vector<Frame> old_frames = std::move(frames_);
  clear();
  std::vector<SetId> number(old_sets.size(), kEmptySet);
  std::vector<Frame> copy;
  for (std::size_t set = 1; set < old_sets.size(); ++set) {
    if (!wanted[set]) continue;
    copy.assign(old_frames.begin() + old_sets[set].first,
                old_frames.begin() + old_sets[set].first + old_sets[set].count);
    for (Frame& f : copy) f.below = number[f.below];
    number[set] = intern(copy);
  }
  for (std::vector<SetId>* list : roots) {
    for (SetId& set : *list) set = number[set];
  }
}

}  // namespace parley::engine
