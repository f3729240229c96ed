#include "constraint/token_table.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "base/error.hpp"

namespace parley::engine {

TokenTable::TokenTable(const text::Tokenizer& tokenizer, std::vector<text::TokenId> end_tokens,
                       const Options& options)
    : vocabulary_size_(tokenizer.vocabulary_size()),
      end_tokens_(std::move(end_tokens)),
      masks_(options.mask_cache_bytes) {
  for (const text::TokenId id : end_tokens_) {
    if (id < 0 || id >= vocabulary_size_) {
      fail(ErrorKind::kInvalidInput, "end token " + std::to_string(id) +
                                         " is not in the vocabulary of " +
                                         std::to_string(vocabulary_size_) + " tokens");
    }
  }
  constexpr std::size_t kLongest = std::numeric_limits<std::uint16_t>::max();
  begin_.reserve(static_cast<std::size_t>(vocabulary_size_) + 1);
  for (text::TokenId id = 0; id < vocabulary_size_; ++id) {
    begin_.push_back(static_cast<std::uint32_t>(pool_.size()));
    if (tokenizer.is_special(id) || is_end_token(id)) continue;
    const std::string_view spelled = tokenizer.token_bytes(id);
    if (spelled.empty() || spelled.size() > kLongest) continue;
    pool_ += spelled;
    tokens_.push_back(id);
    longest_token_ = std::max(longest_token_, static_cast<std::uint32_t>(spelled.size()));
  }
  begin_.push_back(static_cast<std::uint32_t>(pool_.size()));
  std::sort(tokens_.begin(), tokens_.end(), [this](text::TokenId a, text::TokenId b) {
    const int order = bytes(a).compare(bytes(b));
    return order != 0 ? order < 0 : a < b;
  });

  std::vector<std::uint32_t> path;  // nodes of the last token
  std::string_view last;
  const auto leave = [&](std::size_t depth) {
    for (; path.size() > depth; path.pop_back()) {
      nodes_[path.back()].skip = static_cast<std::uint32_t>(nodes_.size());
    }
  };
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    const std::string_view spelled = bytes(tokens_[i]);
    const auto common = static_cast<std::size_t>(
        std::mismatch(last.begin(), last.end(), spelled.begin(), spelled.end()).first -
        last.begin());
    leave(common);
    for (std::size_t depth = common; depth < spelled.size(); ++depth) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back({0, i, 0, static_cast<std::uint16_t>(depth + 1),
                        static_cast<std::uint8_t>(spelled[depth])});
    }
    if (nodes_[path.back()].token_count == kLongest) {
      fail(ErrorKind::kInvalidInput, "too many tokens of the vocabulary are spelled alike");
    }
    ++nodes_[path.back()].token_count;
    last = spelled;
  }
  leave(0);
}

bool TokenTable::is_end_token(text::TokenId id) const {
  return std::find(end_tokens_.begin(), end_tokens_.end(), id) != end_tokens_.end();
}

std::string_view TokenTable::bytes(text::TokenId id) const {
  if (id < 0 || id >= vocabulary_size_) return {};
  const auto at = static_cast<std::size_t>(id);
  const std::uint32_t end =
      at + 1 < begin_.size() ? begin_[at + 1] : static_cast<std::uint32_t>(pool_.size());
  return std::string_view(pool_).substr(begin_[at], end - begin_[at]);
}

}  // namespace parley::engine
