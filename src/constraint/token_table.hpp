// A tokenizer's vocabulary as a trie of bytes, and the masks computed with it so far. Built once
// for each tokenizer (about 0.1 s for 128,000 tokens) and shared by all requests. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "constraint/mask_cache.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

struct TokenTableOptions {
  std::size_t mask_cache_bytes = 64 << 20;
};

class TokenTable {
 public:
  using Options = TokenTableOptions;

  // A node stands for the bytes on the way to it. Nodes lie in depth-first order: the children of
  // node n begin at n + 1, and `skip` is the first node that is not below n.
  struct Node {
    std::uint32_t skip;
    std::uint32_t first_token;  // of tokens(): those that end here
    std::uint16_t token_count;
    std::uint16_t depth;  // bytes on the way; 1 for the first
    std::uint8_t byte;    // the last of them
  };

  // `end_tokens` end a reply: allowed exactly where the text is complete. Other special tokens are
  // never allowed. The tokenizer is not kept. Errors: kInvalidInput when an end token is not in the
  // vocabulary.
  TokenTable(const text::Tokenizer& tokenizer, std::vector<text::TokenId> end_tokens,
             const Options& options = {});

  int vocabulary_size() const { return vocabulary_size_; }
  // Words of 32 bits that a mask has.
  std::size_t mask_words() const { return (static_cast<std::size_t>(vocabulary_size_) + 31) / 32; }
  std::span<const text::TokenId> end_tokens() const { return end_tokens_; }
  bool is_end_token(text::TokenId id) const;
  // Empty for special tokens and ids outside the vocabulary.
  std::string_view bytes(text::TokenId id) const;

  std::span<const Node> nodes() const { return nodes_; }
  std::span<const text::TokenId> tokens(const Node& node) const {
    return std::span(tokens_).subspan(node.first_token, node.token_count);
  }
  std::uint32_t longest_token() const { return longest_token_; }  // in bytes

  MaskCache& masks() const { return masks_; }

 private:
  int vocabulary_size_;
  std::vector<text::TokenId> end_tokens_;
  std::string pool_;                  // the bytes of all tokens
  std::vector<std::uint32_t> begin_;  // by id: where in pool_
  std::vector<text::TokenId> tokens_;
  std::vector<Node> nodes_;
  std::uint32_t longest_token_ = 0;
  mutable MaskCache masks_;
};

}  // namespace parley::engine
