#include "tokenizer/bpe.hpp"

#include "base/error.hpp"
#include "tokenizer/bpe_pieces.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/word_split.hpp"

namespace parley::text {
namespace {

BpeRules make_rules(const BpeModel& model) {
  const bool byte_level = model.kind == BpeModel::Kind::kByteLevel;
  BpeRules rules;
  rules.symbols = byte_level ? BpeRules::Symbols::kBytes : BpeRules::Symbols::kCharacters;
  rules.byte_fallback = !byte_level;
  rules.merges = MergeTable(model.merges.size());
  for (std::size_t rank = 0; rank < model.merges.size(); ++rank) {
    const Merge& merge = model.merges[rank];
    if (!model.special[merge.result])
      rules.merges.add(merge.left, merge.right, static_cast<std::uint32_t>(rank), merge.result);
  }
  std::vector<std::string_view> spellings;
  for (TokenId id = 0; id < static_cast<TokenId>(model.tokens.size()); ++id) {
    const std::string& token = model.tokens[id];
    if (model.special[id] || token.empty()) continue;
    if (byte_level) {
      if (token.size() == 1) rules.bytes[static_cast<unsigned char>(token[0])] = id;
      continue;
    }
    spellings.push_back(token);
    if (const int byte = byte_of_token(token); byte >= 0) {
      rules.bytes[byte] = id;
    } else if (const DecodedChar c = decode_utf8(token, 0);
               static_cast<std::size_t>(c.length) == token.size()) {
      rules.characters.emplace(c.code, id);
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    if (rules.bytes[byte] < 0) {
      fail(ErrorKind::kInvalidInput, "tokenizer: no token for byte " + std::to_string(byte),
           "the vocabulary must hold all 256 bytes");
    }
  }
  if (!byte_level) rules.cuts = SafeCuts(spellings);
  return rules;
}

TokenizerParts make_parts(const BpeModel& model) {
  TokenizerParts parts;
  parts.model = std::make_unique<BpePieces>(make_rules(model));
  parts.special = model.special;
  const bool byte_level = model.kind == BpeModel::Kind::kByteLevel;
  const NormalizerPtr to_spaces = replace_all(std::string(kSpaceSymbol), " ");
  for (TokenId id = 0; id < static_cast<TokenId>(model.tokens.size()); ++id) {
    const std::string& token = model.tokens[id];
    const bool special = model.special[id] != 0;
    parts.pieces.push_back(byte_level && !special ? bytes_to_stand_ins(token) : token);
    std::string bytes = token;
    if (const int byte = byte_of_token(token); byte >= 0 && !byte_level)
      bytes.assign(1, static_cast<char>(byte));
    if (!byte_level) to_spaces->apply(bytes);
    parts.bytes.push_back(std::move(bytes));
    if (special) {
      AddedToken added;
      added.id = id;
      added.content = token;
      added.special = true;
      parts.added.push_back(std::move(added));
    }
  }
  guard_added_tokens(parts.added, {});
  if (byte_level) {
    parts.splitters.push_back(split_words(WordSplit::kDigits3, SplitBehavior::kIsolated, false));
  } else {
    if (model.add_space_prefix) {
      parts.normalizers.push_back(prepend(std::string(kSpaceSymbol)));
      parts.leading_space = LeadingSpace::kOne;
    }
    parts.normalizers.push_back(replace_all(" ", std::string(kSpaceSymbol)));
  }
  return parts;
}

}  // namespace

BpeTokenizer::BpeTokenizer(const BpeModel& model) : PipelineTokenizer(make_parts(model)) {}

}  // namespace parley::text
