#include "tokenizer/files/tokenizer_json.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "text/utf8.hpp"
#include "tokenizer/bpe_pieces.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/json_vocabulary.hpp"
#include "tokenizer/files/tokenizer_steps.hpp"
#include "tokenizer/pre_tokenizer.hpp"
#include "tokenizer/unigram.hpp"

namespace parley::text {
namespace {

constexpr const char* kTrainable =
    "supported: byte-level BPE with the Llama 3 split, and SentencePiece-style BPE with byte "
    "fallback";

Json parse_root(std::string_view text, const std::string& where) {
  Json root = parse_json(text, where, kJsonDepth, RepeatedName::kLastHolds);
  if (!root.is_object()) {
    fail(ErrorKind::kInvalidInput, where + ": is not a JSON object",
         "expected a tokenizer.json of Hugging Face's tokenizers");
  }
  return root;
}

// What ends a turn is found as a whole and guarded even where the file has it among the words only.
void add_end_tokens(JsonVocabulary& vocabulary, const TokenizerHints& hints) {
  for (const TokenId id : hints.ends) {
    if (id < 0 || id >= static_cast<TokenId>(vocabulary.pieces.size())) continue;
    const std::string& piece = vocabulary.pieces[id];
    const auto is_it = [&](const AddedToken& token) { return token.id == id; };
    if (std::ranges::any_of(vocabulary.added, is_it) || !is_ascii(piece) || spells_words(piece))
      continue;  // a byte-level vocabulary spells what is not ASCII in its own way
    AddedToken token;
    token.id = id;
    token.content = piece;
    vocabulary.added.push_back(std::move(token));
  }
}

// By id: whether plain text may never become this token.
std::vector<std::uint8_t> guarded_ids(const std::vector<AddedToken>& added, std::size_t size) {
  std::vector<std::uint8_t> out(size);
  for (const AddedToken& token : added) out[token.id] |= token.guarded ? 1 : 0;
  return out;
}

bool is_one_character(std::string_view piece) {
  return !piece.empty() && static_cast<std::size_t>(decode_utf8(piece, 0).length) == piece.size();
}

std::unique_ptr<PieceModel> make_bpe(const JsonVocabulary& vocabulary, bool byte_level,
                                     const std::vector<std::uint8_t>& guarded) {
  BpeRules rules;
  rules.symbols = byte_level ? BpeRules::Symbols::kBytes : BpeRules::Symbols::kCharacters;
  rules.byte_fallback = vocabulary.byte_fallback;
  rules.unknown = vocabulary.unknown;
  rules.fuse_unknown = vocabulary.fuse_unknown;
  rules.merges = MergeTable(vocabulary.merges.size());
  for (std::size_t rank = 0; rank < vocabulary.merges.size(); ++rank) {
    const Merge& merge = vocabulary.merges[rank];
    if (!guarded[merge.result])
      rules.merges.add(merge.left, merge.right, static_cast<std::uint32_t>(rank), merge.result);
  }
  std::vector<std::pair<std::string, std::int32_t>> words;
  std::vector<std::string_view> spellings;
  for (TokenId id = 0; id < static_cast<TokenId>(vocabulary.pieces.size()); ++id) {
    const std::string& piece = vocabulary.pieces[id];
    if (guarded[id] || piece.empty()) continue;
    std::string bytes = piece;
    const bool spelled = !byte_level || stand_ins_to_bytes(piece, bytes);
    if (!spelled) continue;
    if (vocabulary.ignore_merges) words.emplace_back(bytes, id);
    if (byte_level) {
      if (bytes.size() == 1) rules.bytes[static_cast<unsigned char>(bytes[0])] = id;
      continue;
    }
    spellings.push_back(piece);
    if (is_one_character(piece)) rules.characters[decode_utf8(piece, 0).code] = id;
    if (const int byte = byte_of_token(piece); byte >= 0) rules.bytes[byte] = id;
  }
  rules.whole_words = PieceTrie(words);
  if (!byte_level && !vocabulary.ignore_merges) rules.cuts = SafeCuts(spellings);
  return std::make_unique<BpePieces>(std::move(rules));
}

std::unique_ptr<PieceModel> make_unigram(const JsonVocabulary& vocabulary,
                                         const std::vector<std::uint8_t>& guarded) {
  UnigramRules rules;
  rules.scores = vocabulary.scores;
  rules.unknown = vocabulary.unknown;
  rules.byte_fallback = vocabulary.byte_fallback;
  constexpr double kUnknownPenalty = 10;
  rules.unknown_score =
      *std::min_element(rules.scores.begin(), rules.scores.end()) - kUnknownPenalty;
  std::vector<std::pair<std::string, std::int32_t>> pieces;
  std::vector<std::string_view> spellings;
  for (TokenId id = 0; id < static_cast<TokenId>(vocabulary.pieces.size()); ++id) {
    const std::string& piece = vocabulary.pieces[id];
    if (const int byte = byte_of_token(piece); byte >= 0) rules.bytes[byte] = id;
    if (guarded[id] || piece.empty()) continue;
    pieces.emplace_back(piece, id);
    spellings.push_back(piece);
  }
  rules.pieces = PieceTrie(pieces);
  rules.cuts = SafeCuts(spellings);
  return std::make_unique<UnigramPieces>(std::move(rules));
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_json(std::string_view text, std::string_view where,
                                               const TokenizerHints& given) {
  const std::string name(where);
  const Json root = parse_root(text, name);
  JsonVocabulary vocabulary = read_json_vocabulary(root, name);
  const Surround surround = read_post_processor(root);
  TokenizerHints hints = given;
  if (hints.bos.empty()) hints.bos = surround.bos;
  if (hints.eos.empty()) hints.eos = surround.eos;
  add_tokens_beside(hints.beside, vocabulary.pieces, TakenIds::kRefused, vocabulary.added);
  add_end_tokens(vocabulary, hints);
  guard_added_tokens(vocabulary.added, hints);
  PreTokenizers pre_tokenizers = read_pre_tokenizers(root, name);
  const Decoding decoding = read_decoder(root, name);

  TokenizerParts parts;
  parts.normalizers = read_normalizers(root, name);
  parts.splitters = std::move(pre_tokenizers.steps);
  std::size_t size = vocabulary.pieces.size();
  for (const AddedToken& token : vocabulary.added)
    size = std::max(size, static_cast<std::size_t>(token.id) + 1);
  const auto guarded = guarded_ids(vocabulary.added, size);
  parts.model = vocabulary.is_unigram ? make_unigram(vocabulary, guarded)
                                      : make_bpe(vocabulary, pre_tokenizers.byte_level, guarded);
  parts.pieces = std::move(vocabulary.pieces);
  parts.pieces.resize(size);
  parts.special.resize(size);
  for (const AddedToken& token : vocabulary.added) {
    parts.pieces[token.id] = token.content;
    parts.special[token.id] = token.special ? 1 : 0;
  }
  parts.bytes.reserve(size);
  for (const std::string& piece : parts.pieces) parts.bytes.push_back(decoding.bytes(piece));
  parts.leading_space = decoding.leading_space;
  parts.added = std::move(vocabulary.added);
  const VocabularyIndex index(parts.pieces);
  parts.bos = index.find(surround.bos);
  parts.eos = index.find(surround.eos);
  parts.add_bos = parts.bos >= 0;
  parts.add_eos = parts.eos >= 0;
  return std::make_unique<PipelineTokenizer>(std::move(parts), hints);
}

BpeModel parse_tokenizer_json(std::string_view text, std::string_view where) {
  const std::string name(where);
  const Json root = parse_root(text, name);
  JsonVocabulary vocabulary = read_json_vocabulary(root, name);
  const auto bad = [&](const std::string& why) {
    fail(ErrorKind::kInvalidInput, name + ": " + why, kTrainable);
  };
  if (vocabulary.is_unigram) bad("model.type is not BPE");
  BpeModel out;
  out.kind = vocabulary.byte_fallback ? BpeModel::Kind::kSentencePiece : BpeModel::Kind::kByteLevel;
  const std::string split = to_text(root.value("pre_tokenizer", Json()));
  if (out.kind == BpeModel::Kind::kSentencePiece) {
    if (split != "null") bad("pre_tokenizer must be null for SentencePiece-style BPE");
    const std::string steps = to_text(root.value("normalizer", Json()));
    out.add_space_prefix = steps.find("\"Prepend\"") != std::string::npos;
  } else if (split.find(to_text(Json(kSplitPattern))) == std::string::npos) {
    bad("pre_tokenizer is not the Llama 3 split followed by ByteLevel");
  }
  out.tokens = std::move(vocabulary.pieces);
  if (out.kind == BpeModel::Kind::kByteLevel) {
    for (std::string& token : out.tokens) {
      std::string bytes;
      if (stand_ins_to_bytes(token, bytes)) token = bytes;
    }
  }
  out.special.resize(out.tokens.size());
  for (const AddedToken& token : vocabulary.added) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= out.tokens.size()) {
      out.tokens.resize(id + 1);
      out.special.resize(id + 1);
    }
    out.tokens[id] = token.content;
    out.special[id] = 1;
  }
  const auto gap = std::find(out.tokens.begin(), out.tokens.end(), std::string());
  if (gap != out.tokens.end())
    bad("model.vocab has no token with id " + std::to_string(gap - out.tokens.begin()));
  out.merges = std::move(vocabulary.merges);
  return out;
}

BpeModel read_tokenizer_json(const std::filesystem::path& path) {
  return parse_tokenizer_json(read_file(path, 256u << 20), path.string());
}

}  // namespace parley::text
