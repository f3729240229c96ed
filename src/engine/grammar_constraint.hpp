// A grammar as the engine's scheduler asks for it.
#pragma once

#include <memory>
#include <utility>

#include "constraint/grammar_matcher.hpp"
#include "engine/engine.hpp"

namespace parley::engine {

class GrammarConstraint : public TokenConstraint {
 public:
  GrammarConstraint(GrammarPtr grammar, std::shared_ptr<const TokenTable> table)
      : table_(table), matcher_(std::move(grammar), std::move(table)) {}
  // A model may have more logits than its tokenizer has tokens: the rest stays forbidden.
  void fill_mask(std::span<std::uint32_t> allowed) override {
    matcher_.fill_mask(allowed.first(table_->mask_words()));
  }
  bool accept(text::TokenId token) override { return matcher_.accept(token); }
  void rollback(int tokens) override { matcher_.rollback(tokens); }
  bool is_finished() override { return matcher_.is_finished(); }

 private:
  std::shared_ptr<const TokenTable> table_;
  GrammarMatcher matcher_;
};

}  // namespace parley::engine
