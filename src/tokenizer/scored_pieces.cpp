#include "tokenizer/scored_pieces.hpp"

#include <algorithm>
#include <cfloat>

#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/vocabulary_index.hpp"

namespace parley::text {
namespace {

// Dense ranks of scores: 0 for the highest; equal scores share a rank.
std::vector<std::uint32_t> ranks_of(const std::vector<float>& scores) {
  std::vector<float> distinct = scores;
  std::sort(distinct.begin(), distinct.end(), std::greater<>());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::uint32_t> out;
  out.reserve(scores.size());
  for (const float score : scores) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), score, std::greater<>());
    out.push_back(static_cast<std::uint32_t>(at - distinct.begin()));
  }
  return out;
}

bool in_text(const ScoredPieces& vocabulary, std::size_t id) {
  const PieceType type = vocabulary.types[id];
  return !vocabulary.pieces[id].empty() && !vocabulary.guarded[id] &&
         (type == PieceType::kNormal || type == PieceType::kUserDefined ||
          type == PieceType::kUnused);
}

void find_bytes(const ScoredPieces& vocabulary, TokenId (&bytes)[256]) {
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    if (vocabulary.types[id] != PieceType::kByte) continue;
    if (const int byte = byte_of_token(vocabulary.pieces[id]); byte >= 0)
      bytes[byte] = static_cast<TokenId>(id);
  }
}

}  // namespace

TokenId ScoredPieces::unknown() const {
  const auto found = std::find(types.begin(), types.end(), PieceType::kUnknown);
  return found == types.end() ? -1 : static_cast<TokenId>(found - types.begin());
}

PieceTrie ScoredPieces::user_defined() const {
  std::vector<std::pair<std::string, std::int32_t>> entries;
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (types[id] == PieceType::kUserDefined && in_text(*this, id))
      entries.emplace_back(pieces[id], static_cast<std::int32_t>(id));
  }
  return PieceTrie(entries);
}

BpeRules rules_by_score(const ScoredPieces& vocabulary) {
  const std::size_t size = vocabulary.pieces.size();
  BpeRules rules;
  rules.symbols = BpeRules::Symbols::kCharacters;
  rules.unknown = vocabulary.unknown();
  rules.byte_fallback = vocabulary.byte_fallback;
  rules.fuse_unknown = true;
  rules.frozen = vocabulary.user_defined();
  find_bytes(vocabulary, rules.bytes);

  std::vector<std::string> spelled(size);  // what can stand in the text, else empty
  std::vector<std::string_view> spellings;
  rules.unused.resize(size);
  for (std::size_t id = 0; id < size; ++id) {
    if (!in_text(vocabulary, id)) continue;
    spelled[id] = vocabulary.pieces[id];
    rules.unused[id] = vocabulary.types[id] == PieceType::kUnused ? 1 : 0;
    const DecodedChar c = decode_utf8(spelled[id], 0);
    if (static_cast<std::size_t>(c.length) == spelled[id].size())
      rules.characters[c.code] = static_cast<TokenId>(id);
  }
  for (const std::string& piece : spelled) spellings.emplace_back(piece);
  if (std::count(rules.unused.begin(), rules.unused.end(), 1) == 0) {
    rules.unused.clear();
    rules.cuts = SafeCuts(spellings);
  }

  const VocabularyIndex index(spelled);
  const std::vector<std::uint32_t> ranks = ranks_of(vocabulary.scores);
  rules.first_stand_in = static_cast<TokenId>(size);
  // The symbol that this part of a piece would be: a piece, or a single character without one.
  const auto symbol = [&](std::string_view part) -> TokenId {
    if (const TokenId id = index.find(part); id >= 0) return id;
    const DecodedChar c = decode_utf8(part, 0);
    if (static_cast<std::size_t>(c.length) != part.size()) return -1;
    const auto next = static_cast<TokenId>(size + rules.stand_ins.size());
    const auto [at, added] = rules.characters.emplace(c.code, next);
    if (added) rules.stand_ins.push_back(c.code);
    return at->second;
  };
  for (std::size_t id = 0; id < size; ++id) {
    const std::string_view piece = spelled[id];
    for (std::size_t cut = 0; cut < piece.size();) {
      cut += static_cast<std::size_t>(decode_utf8(piece, cut).length);
      if (cut >= piece.size()) break;
      const TokenId left = symbol(piece.substr(0, cut));
      if (left < 0) continue;
      const TokenId right = symbol(piece.substr(cut));
      if (right >= 0) rules.merges.add(left, right, ranks[id], static_cast<TokenId>(id));
    }
  }
  return rules;
}

UnigramRules unigram_rules(const ScoredPieces& vocabulary) {
  UnigramRules rules;
  rules.single_precision = true;
  rules.unknown = vocabulary.unknown();
  rules.byte_fallback = vocabulary.byte_fallback;
  find_bytes(vocabulary, rules.bytes);
  // SentencePiece starts its search for the highest score at the smallest positive float.
  float lowest = FLT_MAX, highest = FLT_MIN;
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    if (vocabulary.types[id] != PieceType::kNormal) continue;
    lowest = std::min(lowest, vocabulary.scores[id]);
    highest = std::max(highest, vocabulary.scores[id]);
  }
  constexpr float kUnknownPenalty = 10;
  rules.unknown_score = static_cast<double>(lowest - kUnknownPenalty);
  std::vector<std::pair<std::string, std::int32_t>> entries;
  std::vector<std::string_view> spellings;
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    double score = vocabulary.scores[id];
    const std::string& piece = vocabulary.pieces[id];
    if (vocabulary.types[id] == PieceType::kUserDefined)  // always worth taking
      score = static_cast<double>(static_cast<float>(piece.size()) * highest) - 0.1;
    rules.scores.push_back(score);
    if (!in_text(vocabulary, id) || vocabulary.types[id] == PieceType::kUnused) continue;
    entries.emplace_back(piece, static_cast<std::int32_t>(id));
    spellings.push_back(piece);
  }
  rules.pieces = PieceTrie(entries);
  rules.cuts = SafeCuts(spellings);
  return rules;
}

}  // namespace parley::text
