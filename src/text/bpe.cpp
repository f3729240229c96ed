#include "text/bpe.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <queue>

#include "base/error.hpp"
#include "text/char_class.hpp"
#include "text/pre_tokenizer.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";  // U+2581

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9E3779B97F4A7C15ull;
  x ^= x >> 29;
  return x;
}

std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

std::uint64_t hash_bytes(std::string_view text) {
  std::uint64_t h = text.size() * 0x9E3779B97F4A7C15ull;
  while (text.size() >= 8) {
    std::uint64_t block;
    std::memcpy(&block, text.data(), 8);
    h = mix(h ^ block) * 0xFF51AFD7ED558CCDull;
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, text.data(), text.size());
  return mix(h ^ rest);
}

// Words repeat: a direct-mapped cache of recent words and their tokens, one per thread, one cache
// line an entry.
struct CachedWord {
  std::uint32_t instance = 0;
  std::uint8_t length = 0;
  std::uint8_t count = 0;
  char bytes[26];
  std::int32_t ids[8];
};
static_assert(sizeof(CachedWord) == 64);
constexpr std::size_t kCacheSlots = 1 << 14;

CachedWord& cache_slot(std::uint64_t hash) {
  thread_local const auto cache = std::make_unique<std::array<CachedWord, kCacheSlots>>();
  return (*cache)[hash & (kCacheSlots - 1)];
}

}  // namespace

BpeTokenizer::BpeTokenizer(BpeModel model) : model_(std::move(model)) {
  static std::atomic<std::uint32_t> next_instance{1};
  instance_ = next_instance++;
  std::size_t size = 16;
  while (size < model_.merges.size() * 2) size *= 2;
  merge_table_.resize(size);
  merge_mask_ = size - 1;
  std::uint32_t rank = 0;
  for (const Merge& merge : model_.merges) {
    const std::uint64_t key = pair_key(merge.left, merge.right);
    std::size_t i = mix(key) & merge_mask_;
    while (merge_table_[i].pair != ~0ull && merge_table_[i].pair != key) i = (i + 1) & merge_mask_;
    if (merge_table_[i].pair != key) merge_table_[i] = {key, rank, merge.result};
    ++rank;
  }
  std::fill(std::begin(byte_token_), std::end(byte_token_), -1);
  const int vocabulary = vocabulary_size();
  if (model_.kind == BpeModel::Kind::kByteLevel) {
    for (TokenId id = 0; id < vocabulary; ++id) {
      const std::string& token = model_.tokens[id];
      if (token.size() == 1 && !model_.special[id])
        byte_token_[static_cast<unsigned char>(token[0])] = id;
    }
  } else {
    for (TokenId id = 0; id < vocabulary; ++id) {
      std::string& token = model_.tokens[id];
      unsigned byte = 0;
      int used = 0;
      if (token.size() == 6 && std::sscanf(token.c_str(), "<0x%2X>%n", &byte, &used) == 1 &&
          used == 6) {
        byte_token_[byte] = id;
        token.assign(1, static_cast<char>(byte));
      } else if (!model_.special[id] && !token.empty()) {
        if (decode_utf8(token, 0).length == static_cast<int>(token.size()))
          character_token_.emplace(token, id);
      }
    }
    // Decoding wants bytes, not the space symbol; the merges are by id and do not mind.
    for (TokenId id = 0; id < vocabulary; ++id) {
      if (model_.special[id]) continue;
      std::string& token = model_.tokens[id];
      for (std::size_t at = 0; (at = token.find(kSpaceSymbol, at)) != std::string::npos; ++at) {
        token.replace(at, kSpaceSymbol.size(), " ");
      }
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (byte_token_[byte] < 0) {
      fail(ErrorKind::kInvalidInput, "tokenizer: no token for byte " + std::to_string(byte),
           "the vocabulary must hold all 256 bytes");
    }
  }
}

std::string_view BpeTokenizer::token_bytes(TokenId id) const {
  if (id < 0 || id >= vocabulary_size() || model_.special[id]) return {};
  return model_.tokens[id];
}

TokenId BpeTokenizer::special(std::string_view spelling) const {
  for (TokenId id = 0; id < vocabulary_size(); ++id) {
    if (model_.special[id] && model_.tokens[id] == spelling) return id;
  }
  return -1;
}

const BpeTokenizer::MergeSlot* BpeTokenizer::find_merge(TokenId left, TokenId right) const {
  const std::uint64_t key = pair_key(left, right);
  for (std::size_t i = mix(key) & merge_mask_;; i = (i + 1) & merge_mask_) {
    const MergeSlot& slot = merge_table_[i];
    if (slot.pair == key) return &slot;
    if (slot.pair == ~0ull) return nullptr;
  }
}

// Lowest rank first; among equal pairs the leftmost first. A heap over a linked list: O(n log n)
// for any input.
void BpeTokenizer::merge_symbols(std::vector<TokenId>& symbols, std::vector<TokenId>& out) const {
  const int n = static_cast<int>(symbols.size());
  if (n <= 32) {  // most words: a plain scan beats the heap
    int length = n;
    while (length > 1) {
      const MergeSlot* best = nullptr;
      int at = -1;
      for (int i = 0; i + 1 < length; ++i) {
        const MergeSlot* merge = find_merge(symbols[i], symbols[i + 1]);
        if (merge && (!best || merge->rank < best->rank)) {
          best = merge;
          at = i;
        }
      }
      if (!best) break;
      symbols[at] = best->result;
      std::memmove(&symbols[at + 1], &symbols[at + 2], sizeof(TokenId) * (length - at - 2));
      --length;
    }
    out.insert(out.end(), symbols.begin(), symbols.begin() + length);
    return;
  }
  struct Candidate {
    std::uint32_t rank;
    int left, right;
    TokenId left_id, right_id, result;
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : left > other.left;
    }
  };
  std::vector<int> previous(n), next(n);
  std::vector<std::uint8_t> alive(n, 1);
  std::priority_queue<Candidate> queue;
  const auto offer = [&](int left, int right) {
    if (left < 0 || right >= n) return;
    if (const MergeSlot* merge = find_merge(symbols[left], symbols[right])) {
      queue.push({merge->rank, left, right, symbols[left], symbols[right], merge->result});
    }
  };
  for (int i = 0; i < n; ++i) {
    previous[i] = i - 1;
    next[i] = i + 1;
  }
  for (int i = 0; i + 1 < n; ++i) offer(i, i + 1);
  while (!queue.empty()) {
    const Candidate c = queue.top();
    queue.pop();
    if (!alive[c.left] || !alive[c.right] || next[c.left] != c.right ||
        symbols[c.left] != c.left_id || symbols[c.right] != c.right_id) {
      continue;
    }
    symbols[c.left] = c.result;
    alive[c.right] = 0;
    next[c.left] = next[c.right];
    if (next[c.right] < n) previous[next[c.right]] = c.left;
    offer(previous[c.left], c.left);
    offer(c.left, next[c.left]);
  }
  for (int i = 0; i < n; i = next[i]) out.push_back(symbols[i]);
}

void BpeTokenizer::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  if (word.size() == 1) {
    out.push_back(byte_token_[static_cast<unsigned char>(word[0])]);
    return;
  }
  CachedWord* slot = nullptr;
  if (word.size() <= sizeof(CachedWord::bytes)) {
    slot = &cache_slot(hash_bytes(word));
    if (slot->instance == instance_ && slot->length == word.size() &&
        std::memcmp(slot->bytes, word.data(), word.size()) == 0) {
      out.insert(out.end(), slot->ids, slot->ids + slot->count);
      return;
    }
  }
  thread_local std::vector<TokenId> symbols;
  symbols.clear();
  for (const char c : word) symbols.push_back(byte_token_[static_cast<unsigned char>(c)]);
  const std::size_t before = out.size();
  merge_symbols(symbols, out);
  const std::size_t count = out.size() - before;
  if (slot && count <= std::size(slot->ids)) {
    slot->instance = instance_;
    slot->length = static_cast<std::uint8_t>(word.size());
    slot->count = static_cast<std::uint8_t>(count);
    std::memcpy(slot->bytes, word.data(), word.size());
    std::memcpy(slot->ids, out.data() + before, count * sizeof(TokenId));
  }
}

void BpeTokenizer::encode_sentence_piece(std::string_view text, std::vector<TokenId>& out) const {
  std::vector<TokenId> symbols;
  const auto add_character = [&](std::string_view character) {
    const auto found = character_token_.find(std::string(character));
    if (found != character_token_.end()) {
      symbols.push_back(found->second);
    } else {
      for (const char c : character) symbols.push_back(byte_token_[static_cast<unsigned char>(c)]);
    }
  };
  if (model_.add_space_prefix && !text.empty()) add_character(kSpaceSymbol);
  for (std::size_t i = 0; i < text.size();) {
    const int length = decode_utf8(text, i).length;
    add_character(text[i] == ' ' ? kSpaceSymbol : text.substr(i, length));
    i += length;
  }
  merge_symbols(symbols, out);
}

void BpeTokenizer::encode(std::string_view text, std::vector<TokenId>& out) const {
  if (model_.kind == BpeModel::Kind::kSentencePiece) return encode_sentence_piece(text, out);
  while (!text.empty()) {
    const std::size_t length = next_word(text);
    encode_word(text.substr(0, length), out);
    text.remove_prefix(length);
  }
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string out;
  for (const TokenId id : ids) out += token_bytes(id);
  return out;
}

}  // namespace parley::text
