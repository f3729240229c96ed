// Follows one reply through a grammar: which tokens may come next, and is the text complete. One
// matcher for each running request. Not thread-safe, but it may move between threads: fill_mask()
// on another thread while the forward pass runs, accept() when both are done.
//
//     GrammarMatcher matcher(grammar, table);
//     std::vector<std::uint32_t> mask(table->mask_words());
//     matcher.fill_mask(mask);                    // bit t of word t / 32: token t is allowed
//     matcher.accept(token);                      // the sampled one
//
// Copies are deep (they cost what the reply so far has touched of the grammar, some 10 to 100 KB);
// for speculation, accept the drafted tokens and roll back instead.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/grammar.hpp"
#include "constraint/stack_sets.hpp"
#include "constraint/token_table.hpp"

namespace parley::engine {

class GrammarMatcher {
 public:
  GrammarMatcher(GrammarPtr grammar, std::shared_ptr<const TokenTable> table);

  // False, and nothing changes, when the token is not allowed here.
  bool accept(text::TokenId token);
  // Takes bytes as if they were one token (rollback() counts them as one); false when not allowed.
  bool accept_bytes(std::string_view bytes);

  // Sets exactly the bits of the tokens that accept() would take; clears all others. `bits` has
  // table->mask_words() words. In a grammar so ambiguous that the work limit is met (no useful one
  // is), some allowed tokens of several bytes may be missing; none that is not allowed is ever set.
  void fill_mask(std::span<std::uint32_t> bits);

  // The reply may end here.
  bool is_complete() const { return ended_ || sets_.may_end(history_.back()); }
  // The reply has ended: an end token was accepted, or nothing but an end token can follow.
  bool is_finished();

  // The bytes that must come next, whatever the model prefers (at most 1,024 at a time); empty
  // where there is a choice or the text is complete. Valid until the next call of this object.
  std::string_view forced_bytes();
  // Tokens of forced_bytes(), less the last of them where a longer token might span the end of what
  // is forced: what the model would see had it written them itself.
  std::vector<text::TokenId> forced_tokens(const text::Tokenizer& tokenizer);

  int accepted() const { return static_cast<int>(history_.size()) - 1; }  // tokens
  // Takes back the last `tokens` tokens. REQUIRES: tokens <= accepted().
  void rollback(int tokens);

  // Memory of this matcher, in bytes.
  std::size_t bytes() const { return sets_.bytes() + history_.capacity() * sizeof(SetId); }

 private:
  void make_room();
  std::shared_ptr<const StateMask> mask_of(StateId state);
  void walk_mask(StateId state, StateMask& mask);
  void change_mask(StateId state, StateId alike, StateMask& mask);
  bool may_go_on(StateId state, std::uint32_t node) const;
  bool add_top_masks(SetId at, std::span<std::uint32_t> bits);
  void add_all(SetId at, std::span<std::uint32_t> bits);

  GrammarPtr grammar_;
  std::shared_ptr<const TokenTable> table_;
  StackSets sets_;
  std::vector<SetId> history_;  // after each token, the start first
  bool ended_ = false;          // the last of history_ is an end token
  std::string forced_;
  std::vector<SetId> path_;  // of a walk through the trie
  std::size_t room_;         // bytes of sets_ at which make_room() clears up
};

}  // namespace parley::engine
