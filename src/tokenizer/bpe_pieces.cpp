#include "tokenizer/bpe_pieces.hpp"

#include <algorithm>

#include "tokenizer/word_cache.hpp"

namespace parley::text {

std::uint32_t BpePieces::next_instance() {
  return next_cache_instance();
}

BpePieces::BpePieces(BpeRules rules) : rules_(std::move(rules)) {
  for (int c = 0; c < 128; ++c) {
    const auto found = rules_.characters.find(static_cast<char32_t>(c));
    ascii_[c] = found == rules_.characters.end() ? -1 : found->second;
  }
  all_bytes_ = std::all_of(std::begin(rules_.bytes), std::end(rules_.bytes),
                           [](TokenId id) { return id >= 0; });
}

void BpePieces::encode(std::string_view word, std::vector<TokenId>& out) const {
  if (rules_.symbols == BpeRules::Symbols::kBytes) return encode_word(word, out);
  if (rules_.frozen.empty()) return encode_segment(word, out);
  std::size_t plain = 0;  // start of the text before the next frozen symbol
  for (std::size_t at = 0; at < word.size();) {
    if (!rules_.frozen.may_start(word[at])) {
      ++at;
      continue;
    }
    const PieceTrie::Match match = rules_.frozen.longest(word, at);
    if (match.length == 0) {
      at += static_cast<std::size_t>(decode_utf8(word, at).length);
      continue;
    }
    if (at > plain) encode_segment(word.substr(plain, at - plain), out);
    out.push_back(match.value);
    at += match.length;
    plain = at;
  }
  if (plain < word.size()) encode_segment(word.substr(plain), out);
}

void BpePieces::encode_segment(std::string_view text, std::vector<TokenId>& out) const {
  while (!text.empty()) {
    const std::size_t length = rules_.cuts.next(text);
    encode_word(text.substr(0, length), out);
    text.remove_prefix(length);
  }
}

void BpePieces::encode_word(std::string_view word, std::vector<TokenId>& out) const {
  if (word.empty()) return;
  CachedWord* slot = nullptr;
  if (word.size() <= CachedWord::kMaxBytes) {
    slot = &cache_slot(hash_bytes(word));
    if (slot->holds(instance_, word)) {
      out.insert(out.end(), slot->ids, slot->ids + slot->count);
      return;
    }
  }
  thread_local std::vector<TokenId> symbols;
  symbols.clear();
  const TokenId whole = rules_.whole_words.find(word);
  if (whole >= 0) {
    symbols.push_back(whole);
  } else if (rules_.symbols == BpeRules::Symbols::kBytes) {
    byte_symbols(word, symbols);
    rules_.merges.merge(symbols);
  } else {
    character_symbols(word, symbols);
    if (rules_.unused.empty()) {
      rules_.merges.merge(symbols);
    } else {
      merge_with_unused(symbols);
    }
    if (rules_.first_stand_in > 0) replace_stand_ins(symbols);
  }
  out.insert(out.end(), symbols.begin(), symbols.end());
  if (slot) slot->store(instance_, word, symbols.data(), symbols.size());
  constexpr std::size_t kKeep = 1 << 16;  // one long word must not hold its memory for ever
  if (symbols.capacity() > kKeep) std::vector<TokenId>().swap(symbols);
}

void BpePieces::byte_symbols(std::string_view word, std::vector<TokenId>& symbols) const {
  bool in_unknown = false;
  for (const char c : word) {
    TokenId id = rules_.bytes[static_cast<unsigned char>(c)];
    const bool unknown = id < 0;
    if (unknown) id = in_unknown && rules_.fuse_unknown ? -1 : rules_.unknown;
    in_unknown = unknown;
    if (id >= 0) symbols.push_back(id);
  }
}

void BpePieces::character_symbols(std::string_view word, std::vector<TokenId>& symbols) const {
  symbols.reserve(word.size());
  bool in_unknown = false;
  for (std::size_t at = 0; at < word.size();) {
    const auto byte = static_cast<unsigned char>(word[at]);
    TokenId id = -1;
    std::size_t length = 1;
    if (byte < 0x80) {
      id = ascii_[byte];
    } else {
      const DecodedChar c = decode_utf8(word, at);
      length = static_cast<std::size_t>(c.length);
      // A byte that is not UTF-8 is no character, whatever stands for U+FFFD.
      if (length > 1) {
        const auto found = rules_.characters.find(c.code);
        if (found != rules_.characters.end()) id = found->second;
      }
    }
    const std::string_view character = word.substr(at, length);
    at += length;
    if (id >= 0) {
      symbols.push_back(id);
      in_unknown = false;
      continue;
    }
    if (rules_.byte_fallback && std::all_of(character.begin(), character.end(), [&](char c) {
          return rules_.bytes[static_cast<unsigned char>(c)] >= 0;
        })) {
      append_bytes(character, symbols);
      in_unknown = false;
    } else if (rules_.unknown >= 0 && !(in_unknown && rules_.fuse_unknown)) {
      symbols.push_back(rules_.unknown);
      in_unknown = true;
    }
  }
}

void BpePieces::append_bytes(std::string_view bytes, std::vector<TokenId>& out) const {
  for (const char c : bytes) out.push_back(rules_.bytes[static_cast<unsigned char>(c)]);
}

void BpePieces::replace_stand_ins(std::vector<TokenId>& symbols) const {
  const TokenId first = rules_.first_stand_in;
  if (std::none_of(symbols.begin(), symbols.end(), [&](TokenId id) { return id >= first; })) return;
  std::vector<TokenId> replaced;
  replaced.reserve(symbols.size() + 16);
  bool in_unknown = false;
  for (const TokenId id : symbols) {
    if (id < first) {
      // Unknown characters outside of every merge rule came in as the unknown token itself.
      const bool unknown = id == rules_.unknown;
      if (!(unknown && in_unknown && rules_.fuse_unknown)) replaced.push_back(id);
      in_unknown = unknown;
      continue;
    }
    if (rules_.byte_fallback && all_bytes_) {
      std::string character;
      append_utf8(character, rules_.stand_ins[id - first]);
      append_bytes(character, replaced);
      in_unknown = false;
    } else {
      if (!(in_unknown && rules_.fuse_unknown)) replaced.push_back(rules_.unknown);
      in_unknown = true;
    }
  }
  symbols = std::move(replaced);
}

// SentencePiece lets unused pieces take part in merges and then takes each apart into the pair that
// was last seen to make it.
void BpePieces::merge_with_unused(std::vector<TokenId>& symbols) const {
  MergeTable::Seen seen;
  rules_.merges.merge(symbols, &seen);
  const auto is_unused = [&](TokenId id) {
    return id < static_cast<TokenId>(rules_.unused.size()) && rules_.unused[id] != 0;
  };
  std::vector<TokenId> taken_apart, open;
  for (const TokenId symbol : symbols) {
    open.push_back(symbol);
    while (!open.empty()) {  // ends: the parts of a piece are shorter than it
      const TokenId id = open.back();
      open.pop_back();
      const auto parts = is_unused(id) ? seen.find(id) : seen.end();
      if (parts == seen.end()) {
        taken_apart.push_back(id);
      } else {
        open.push_back(parts->second.second);
        open.push_back(parts->second.first);
      }
    }
  }
  symbols = std::move(taken_apart);
}

}  // namespace parley::text
