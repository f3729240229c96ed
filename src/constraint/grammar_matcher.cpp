#include "constraint/grammar_matcher.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "constraint/token_walk.hpp"

namespace parley::engine {
namespace {

constexpr std::size_t kRoom = 4 << 20;

void set_tokens(std::span<const text::TokenId> tokens, std::span<std::uint32_t> bits) {
  for (const text::TokenId id : tokens) bits[static_cast<std::size_t>(id) / 32] |= 1u << (id % 32);
}

}  // namespace

GrammarMatcher::GrammarMatcher(GrammarPtr grammar, std::shared_ptr<const TokenTable> table)
    : grammar_(std::move(grammar)),
      table_(std::move(table)),
      sets_(grammar_->pushdown()),
      history_(1, sets_.start()),
      room_(kRoom) {}

// Clears the sets that were only looked at, not taken.
void GrammarMatcher::make_room() {
  if (sets_.bytes() < room_) return;
  const std::array roots{&history_};
  sets_.keep_only(roots);
  room_ = std::max(kRoom, 2 * sets_.bytes());
}

bool GrammarMatcher::accept(text::TokenId token) {
  if (ended_) return false;
  if (table_->is_end_token(token)) {
    if (!is_complete()) return false;
    history_.push_back(history_.back());
    ended_ = true;
    return true;
  }
  const std::string_view bytes = table_->bytes(token);
  return !bytes.empty() && accept_bytes(bytes);
}

bool GrammarMatcher::accept_bytes(std::string_view bytes) {
  if (ended_) return false;
  make_room();
  SetId set = history_.back();
  for (const char c : bytes) {
    set = sets_.step(set, static_cast<std::uint8_t>(c));
    if (set == kEmptySet) return false;
  }
  history_.push_back(set);
  return true;
}

void GrammarMatcher::rollback(int tokens) {
  if (tokens <= 0) return;
  history_.resize(history_.size() - static_cast<std::size_t>(tokens));
  ended_ = false;
}

void GrammarMatcher::fill_mask(std::span<std::uint32_t> bits) {
  std::fill(bits.begin(), bits.end(), 0u);
  if (ended_) return;
  if (is_complete()) set_tokens(table_->end_tokens(), bits);
  make_room();
  const SetId at = history_.back();
  // The masks of many states cost more than one walk with all of them.
  constexpr std::size_t kManyTops = 16;
  if (sets_.frames(at).size() > kManyTops || !add_top_masks(at, bits)) add_all(at, bits);
}

void GrammarMatcher::add_all(SetId at, std::span<std::uint32_t> bits) {
  TokenWalk(sets_, *table_, path_, {})
      .run_all(at, [&](std::uint32_t, const TokenTable::Node& node, SetId) {
        set_tokens(table_->tokens(node), bits);
      });
}

// Each state on top of a stack allows the tokens of its mask, and those that end its rule and go on
// as its stack allows. False when that would visit more of the trie than one walk of it all.
bool GrammarMatcher::add_top_masks(SetId at, std::span<std::uint32_t> bits) {
  const std::vector<Frame> tops(sets_.frames(at).begin(), sets_.frames(at).end());
  const std::span<const TokenTable::Node> nodes = table_->nodes();
  WalkLimit limit;
  limit.visits = nodes.size() / 4;
  TokenWalk walk(sets_, *table_, path_, limit);
  for (const Frame& top : tops) {
    if (top.state >= kTextEnd) continue;
    const std::shared_ptr<const StateMask> mask = mask_of(top.state);
    mask->add_to(bits);
    if (mask->resume_nodes.empty()) continue;
    const SetId after = sets_.resume(top.below);
    if (after == kEmptySet) continue;
    for (const std::uint32_t n : mask->resume_nodes) {
      const bool done = walk.run(after, n + 1, nodes[n].skip, nodes[n].depth,
                                 [&](std::uint32_t, const TokenTable::Node& node, SetId) {
                                   set_tokens(table_->tokens(node), bits);
                                 });
      if (!done) return false;
    }
  }
  return true;
}

std::shared_ptr<const StateMask> GrammarMatcher::mask_of(StateId state) {
  const StateKey key = grammar_->pushdown()->key(state, table_->longest_token());
  if (auto known = table_->masks().find(key)) return known;
  auto mask = std::make_shared<StateMask>();
  const StateId alike = grammar_->pushdown()->alike(state);
  if (alike == kNoState) {
    walk_mask(state, *mask);
  } else {
    change_mask(state, alike, *mask);
  }
  table_->masks().insert(key, mask);
  return mask;
}

// A token goes on where the rule of `state` has ended.
bool GrammarMatcher::may_go_on(StateId state, std::uint32_t node) const {
  const std::bitset<256>& follow = grammar_->pushdown()->follow(state);
  const std::span<const TokenTable::Node> nodes = table_->nodes();
  for (std::uint32_t child = node + 1; child < nodes[node].skip; child = nodes[child].skip) {
    if (follow[nodes[child].byte]) return true;
  }
  return false;
}

void GrammarMatcher::walk_mask(StateId state, StateMask& mask) {
  TokenWalk(sets_, *table_, path_, {})
      .run_all(sets_.single(state, sets_.bottom(kOutside)),
               [&](std::uint32_t index, const TokenTable::Node& node, SetId set) {
                 const auto tokens = table_->tokens(node);
                 mask.few.insert(mask.few.end(), tokens.begin(), tokens.end());
                 if (sets_.holds(set, kOutside) && may_go_on(state, index)) {
                   mask.resume_nodes.push_back(index);
                 }
               });
  if (mask.few.size() > table_->mask_words()) {  // a bit each is smaller
    mask.bits.resize(table_->mask_words());
    set_tokens(mask.few, mask.bits);
    mask.few.clear();
  }
  mask.few.shrink_to_fit();
}

// The mask of `alike`, put right where the two states differ: only that part of the trie is walked.
void GrammarMatcher::change_mask(StateId state, StateId alike, StateMask& mask) {
  const std::shared_ptr<const StateMask> base = mask_of(alike);
  mask.bits.resize(table_->mask_words());
  base->add_to(mask.bits);
  const std::span<const TokenTable::Node> nodes = table_->nodes();
  const auto next = [&](SetId set, std::uint8_t byte) {
    return set == kEmptySet ? kEmptySet : sets_.step(set, byte);
  };
  std::vector<SetId> own(table_->longest_token() + 1), other(own.size());
  own[0] = sets_.single(state, sets_.bottom(kOutside));
  other[0] = sets_.single(alike, sets_.bottom(kOutside));
  std::vector<std::uint32_t> visited, resumed, left;
  for (std::uint32_t i = 0; i < nodes.size();) {
    const TokenTable::Node& node = nodes[i];
    const SetId mine = own[node.depth] = next(own[node.depth - 1u], node.byte);
    const SetId its = other[node.depth] = next(other[node.depth - 1u], node.byte);
    if (mine == its) {
      i = node.skip;
      continue;
    }
    for (const text::TokenId id : table_->tokens(node)) {
      std::uint32_t& word = mask.bits[static_cast<std::size_t>(id) / 32];
      const std::uint32_t bit = 1u << (id % 32);
      word = mine == kEmptySet ? word & ~bit : word | bit;
    }
    visited.push_back(i);
    if (mine != kEmptySet && sets_.holds(mine, kOutside) && may_go_on(state, i))
      resumed.push_back(i);
    ++i;
  }
  std::ranges::set_difference(base->resume_nodes, visited, std::back_inserter(left));
  std::ranges::merge(left, resumed, std::back_inserter(mask.resume_nodes));
}

bool GrammarMatcher::is_finished() {
  if (ended_) return true;
  const std::span<const Frame> tops = sets_.frames(history_.back());
  return tops.size() == 1 && tops[0].state == kTextEnd;
}

std::string_view GrammarMatcher::forced_bytes() {
  constexpr std::size_t kMaxForced = 1024;
  forced_.clear();
  if (ended_) return forced_;
  make_room();
  const Pushdown& pushdown = *grammar_->pushdown();
  for (SetId at = history_.back(); forced_.size() < kMaxForced && !sets_.may_end(at);) {
    int byte = -1;
    SetId next = kEmptySet;
    int last_class = -1;
    for (int b = 0; b < 256 && byte != -2; ++b) {  // the bytes of a class are neighbours
      const auto candidate = static_cast<std::uint8_t>(b);
      if (pushdown.byte_class(candidate) == last_class) {
        if (byte == b - 1) byte = -2;  // another byte of a class that can be read
        continue;
      }
      last_class = pushdown.byte_class(candidate);
      const SetId set = sets_.step(at, candidate);
      if (set == kEmptySet) continue;
      next = set;
      byte = byte == -1 ? b : -2;
    }
    if (byte < 0) break;
    forced_ += static_cast<char>(byte);
    at = next;
  }
  return forced_;
}

std::vector<text::TokenId> GrammarMatcher::forced_tokens(const text::Tokenizer& tokenizer) {
  const std::string_view bytes = forced_bytes();
  std::vector<text::TokenId> tokens;
  if (bytes.empty()) return tokens;
  tokenizer.encode(bytes, tokens);
  if (accept_bytes(bytes)) {
    if (!is_finished()) tokens.pop_back();
    rollback(1);
  }
  return tokens;
}

}  // namespace parley::engine
