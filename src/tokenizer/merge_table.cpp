#include "tokenizer/merge_table.hpp"

#include <cstring>
#include <functional>
#include <queue>

namespace parley::text {
namespace {

constexpr std::uint32_t kNoRank = ~0u;
constexpr std::size_t kShort = 48;  // symbols; up to here the scan beats the heap

}  // namespace

MergeTable::MergeTable(std::size_t rules) {
  std::size_t size = 16;
  while (size < rules * 2) size *= 2;
  rules_.resize(size);
  mask_ = size - 1;
}

void MergeTable::grow() {
  std::vector<Rule> old(rules_.size() * 2);
  old.swap(rules_);
  mask_ = rules_.size() - 1;
  for (const Rule& rule : old) {
    if (rule.pair == kNone) continue;
    std::size_t i = slot(rule.pair);
    while (rules_[i].pair != kNone) i = (i + 1) & mask_;
    rules_[i] = rule;
  }
}

void MergeTable::add(TokenId left, TokenId right, std::uint32_t rank, TokenId result) {
  if ((used_ + 1) * 2 > rules_.size()) grow();
  const std::uint64_t pair = key(left, right);
  std::size_t i = slot(pair);
  while (rules_[i].pair != kNone && rules_[i].pair != pair) i = (i + 1) & mask_;
  if (rules_[i].pair == kNone) ++used_;
  rules_[i] = {pair, rank, result};
}

void MergeTable::merge(std::vector<TokenId>& symbols, Seen* seen) const {
  if (symbols.size() < 2) return;
  if (symbols.size() <= kShort && !seen) {
    merge_short(symbols);
  } else {
    merge_long(symbols, seen);
  }
}

void MergeTable::merge_short(std::vector<TokenId>& symbols) const {
  std::uint32_t ranks[kShort];  // ranks[i] of the pair (i, i + 1)
  TokenId results[kShort];
  std::size_t length = symbols.size();
  const auto look_up = [&](std::size_t i) {
    const Rule* rule = find(symbols[i], symbols[i + 1]);
    ranks[i] = rule ? rule->rank : kNoRank;
    results[i] = rule ? rule->result : 0;
  };
  for (std::size_t i = 0; i + 1 < length; ++i) look_up(i);
  while (length > 1) {
    std::size_t at = 0;
    for (std::size_t i = 1; i + 1 < length; ++i) {
      if (ranks[i] < ranks[at]) at = i;
    }
    if (ranks[at] == kNoRank) break;
    symbols[at] = results[at];
    const std::size_t moved = length - at - 2;  // symbols after the pair
    if (moved > 0) {
      std::memmove(&symbols[at + 1], &symbols[at + 2], sizeof(TokenId) * moved);
      std::memmove(&ranks[at], &ranks[at + 1], sizeof(std::uint32_t) * moved);
      std::memmove(&results[at], &results[at + 1], sizeof(TokenId) * moved);
      look_up(at);
    }
    --length;
    if (at > 0) look_up(at - 1);
  }
  symbols.resize(length);
}

void MergeTable::merge_long(std::vector<TokenId>& symbols, Seen* seen) const {
  const auto n = static_cast<std::uint32_t>(symbols.size());
  constexpr TokenId kGone = -1;
  // A candidate is rank << 32 | position of the left symbol: the order of merging is the order of
  // the numbers. One that no longer describes its position is recognised by the rank there.
  std::vector<std::uint64_t> candidates;
  std::vector<std::uint32_t> previous(n), next(n);
  candidates.reserve(n);
  const auto rule_of = [&](std::uint32_t left, std::uint32_t right) {
    const Rule* rule = find(symbols[left], symbols[right]);
    if (rule && seen) (*seen)[rule->result] = {symbols[left], symbols[right]};
    return rule;
  };
  for (std::uint32_t i = 0; i < n; ++i) {
    previous[i] = i - 1;  // of the first: never read
    next[i] = i + 1;
    if (i + 1 == n) break;
    if (const Rule* rule = rule_of(i, i + 1))
      candidates.push_back(static_cast<std::uint64_t>(rule->rank) << 32 | i);
  }
  std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> queue(
      std::greater<>{}, std::move(candidates));
  const auto offer = [&](std::uint32_t left, std::uint32_t right) {
    if (const Rule* rule = rule_of(left, right))
      queue.push(static_cast<std::uint64_t>(rule->rank) << 32 | left);
  };
  while (!queue.empty()) {
    const std::uint64_t candidate = queue.top();
    queue.pop();
    const auto left = static_cast<std::uint32_t>(candidate);
    if (symbols[left] == kGone || next[left] >= n) continue;
    const std::uint32_t right = next[left];
    const Rule* rule = find(symbols[left], symbols[right]);
    if (!rule || rule->rank != candidate >> 32) continue;
    symbols[left] = rule->result;
    symbols[right] = kGone;
    next[left] = next[right];
    if (left > 0) offer(previous[left], left);
    if (next[left] < n) {
      previous[next[left]] = left;
      offer(left, next[left]);
    }
  }
  std::size_t kept = 0;
  for (std::uint32_t i = 0; i < n; i = next[i]) symbols[kept++] = symbols[i];
  symbols.resize(kept);
}

}  // namespace parley::text
