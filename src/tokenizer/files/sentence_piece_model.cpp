#include "tokenizer/files/sentence_piece_model.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/error.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/json_vocabulary.hpp"
#include "tokenizer/files/protobuf.hpp"
#include "tokenizer/scored_pieces.hpp"

namespace parley::text {
namespace {

using Wire = ProtobufReader::Wire;

enum class ModelType { kUnigram = 1, kBpe = 2, kWord = 3, kCharacter = 4 };

struct ModelFile {
  ScoredPieces vocabulary;
  std::int64_t model_type = static_cast<std::int64_t>(ModelType::kUnigram);
  std::string bos = "<s>", eos = "</s>";
  SentencePieceNormalization normalization;
  std::string charsmap;
};

class FieldReader {
 public:
  explicit FieldReader(std::string_view where) : where_(where) {}

  ModelFile read(std::string_view bytes) {
    // Field numbers are those of SentencePiece's published message definitions.
    each(bytes, "the file", [&](const ProtobufReader::Field& field) {
      if (field.wire != Wire::kBytes) return;
      if (field.number == 1) read_piece(field.bytes);
      if (field.number == 2) read_trainer(field.bytes);
      if (field.number == 3) read_normalizer(field.bytes);
    });
    ScoredPieces& vocabulary = out_.vocabulary;
    if (vocabulary.pieces.empty()) bad("has no pieces");
    if (vocabulary.unknown() < 0) bad("has no piece for unknown characters");
    return std::move(out_);
  }

  [[noreturn]] void bad(const std::string& what,
                        const std::string& hint = "expected a SentencePiece model file") const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + what, hint);
  }

 private:
  template <typename Visit>
  void each(std::string_view message, const std::string& what, Visit&& visit) const {
    ProtobufReader reader(message);
    ProtobufReader::Field field;
    while (reader.next(field)) visit(field);
    if (reader.damaged()) bad(what + " is damaged or no protocol buffer");
  }

  void read_piece(std::string_view message) {
    ScoredPieces& to = out_.vocabulary;
    const std::string name = "pieces[" + std::to_string(to.pieces.size()) + "]";
    if (to.pieces.size() == static_cast<std::size_t>(kMaxVocabulary))
      bad(name + " is one too many", "at most " + std::to_string(kMaxVocabulary));
    std::string_view piece;
    float score = 0;
    std::uint64_t type = 1;
    each(message, name, [&](const ProtobufReader::Field& field) {
      if (field.number == 1 && field.wire == Wire::kBytes) piece = field.bytes;
      if (field.number == 2 && field.wire == Wire::kFixed32) score = field.as_float();
      if (field.number == 3 && field.wire == Wire::kVarint) type = field.value;
    });
    if (piece.empty() || piece.size() > kMaxPiece)
      bad(name + ".piece is missing or longer than " + std::to_string(kMaxPiece) + " bytes");
    if (!std::isfinite(score)) bad(name + ".score is not finite");
    if (type < 1 || type > 6) bad(name + ".type is " + std::to_string(type), "supported: 1 to 6");
    to.pieces.emplace_back(piece);
    to.scores.push_back(score);
    to.types.push_back(static_cast<PieceType>(type));
  }

  void read_trainer(std::string_view message) {
    each(message, "trainer_spec", [&](const ProtobufReader::Field& field) {
      if (field.wire == Wire::kVarint) {
        if (field.number == 3) out_.model_type = field.as_int();
        if (field.number == 24) out_.normalization.whitespace_as_suffix = field.value != 0;
        if (field.number == 35) out_.vocabulary.byte_fallback = field.value != 0;
      } else if (field.wire == Wire::kBytes) {
        if (field.number == 46) out_.bos = field.bytes;
        if (field.number == 47) out_.eos = field.bytes;
      }
    });
  }

  void read_normalizer(std::string_view message) {
    each(message, "normalizer_spec", [&](const ProtobufReader::Field& field) {
      SentencePieceNormalization& to = out_.normalization;
      if (field.number == 2 && field.wire == Wire::kBytes) out_.charsmap = field.bytes;
      if (field.wire != Wire::kVarint) return;
      if (field.number == 3) to.add_dummy_prefix = field.value != 0;
      if (field.number == 4) to.remove_extra_whitespaces = field.value != 0;
      if (field.number == 5) to.escape_whitespaces = field.value != 0;
    });
  }

  std::string where_;
  ModelFile out_;
};

// What is found as a whole: control pieces, guarded user-defined ones, and what other files add.
// The other user-defined pieces are the normaliser's and the model's own business.
std::vector<AddedToken> added_tokens_of(const ScoredPieces& vocabulary,
                                        const TokenizerHints& hints) {
  std::vector<AddedToken> out;
  const auto size = static_cast<TokenId>(vocabulary.pieces.size());
  for (TokenId id = 0; id < size; ++id) {
    const PieceType type = vocabulary.types[id];
    const bool special = type == PieceType::kControl || type == PieceType::kUnknown;
    const bool ends = type == PieceType::kNormal &&
                      std::ranges::find(hints.ends, id) != hints.ends.end() &&
                      !spells_words(vocabulary.pieces[id]);
    if (!special && !ends && type != PieceType::kUserDefined) continue;
    AddedToken token;
    token.id = id;
    token.content = vocabulary.pieces[id];
    token.special = special;
    out.push_back(std::move(token));
  }
  // Slow tokenizers look for what other files name before anything is normalised.
  std::vector<TokenBeside> beside = hints.beside;
  std::unordered_set<TokenId> named;
  for (TokenBeside& each : beside) {
    each.token.between_blanks = each.token.single_word;
    each.token.normalized = false;
    if (each.token.id >= 0) named.insert(each.token.id);
  }
  add_tokens_beside(beside, vocabulary.pieces, TakenIds::kOverridden, out);
  guard_added_tokens(out, hints);
  std::erase_if(out, [&](const AddedToken& token) {
    return token.id < size && !token.guarded && !named.contains(token.id);
  });
  return out;
}

// Keeps plain text from the ids of guarded tokens, and from pieces spelled like one.
void guard_pieces(const std::vector<AddedToken>& added, ScoredPieces& vocabulary) {
  vocabulary.guarded.assign(vocabulary.pieces.size(), 0);
  std::unordered_set<std::string_view> guarded;
  for (const AddedToken& token : added) {
    if (!token.guarded) continue;
    guarded.insert(token.content);
    const auto id = static_cast<std::size_t>(token.id);
    if (id < vocabulary.pieces.size()) vocabulary.guarded[id] = 1;
  }
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    if (guarded.contains(vocabulary.pieces[id])) vocabulary.guarded[id] = 1;
  }
}

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_sentence_piece(std::string_view bytes,
                                                         std::string_view where,
                                                         const TokenizerHints& hints) {
  FieldReader reader(where);
  ModelFile file = reader.read(bytes);
  ScoredPieces& vocabulary = file.vocabulary;

  TokenizerParts parts;
  parts.added = added_tokens_of(vocabulary, hints);
  guard_pieces(parts.added, vocabulary);

  if (file.model_type == static_cast<std::int64_t>(ModelType::kBpe)) {
    parts.model = std::make_unique<BpePieces>(rules_by_score(vocabulary));
  } else if (file.model_type == static_cast<std::int64_t>(ModelType::kUnigram)) {
    parts.model = std::make_unique<UnigramPieces>(unigram_rules(vocabulary));
  } else {
    reader.bad("trainer_spec.model_type is " + std::to_string(file.model_type),
               "supported: 1 (Unigram) and 2 (BPE)");
  }
  if (!file.charsmap.empty()) {
    file.normalization.map =
        Charsmap(file.charsmap, std::string(where) + ": normalizer_spec.precompiled_charsmap");
  }
  file.normalization.verbatim = vocabulary.user_defined();
  if (hints.space_once) {
    if (file.normalization.remove_extra_whitespaces)
      reader.bad("normalizer_spec.remove_extra_whitespaces is true",
                 "supported with \"legacy\": false of tokenizer_config.json: false");
    file.normalization.add_dummy_prefix = false;
    if (hints.space_first) parts.before_text = kSpaceSymbol;
  }
  if (file.normalization.add_dummy_prefix || file.normalization.remove_extra_whitespaces ||
      !parts.before_text.empty())
    parts.leading_space = LeadingSpace::kOne;
  parts.normalizers.push_back(sentence_piece(std::move(file.normalization)));

  const NormalizerPtr to_spaces = replace_all(std::string(kSpaceSymbol), " ");
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    std::string text = vocabulary.pieces[id];
    const int byte = vocabulary.types[id] == PieceType::kByte ? byte_of_token(text) : -1;
    if (byte >= 0) text.assign(1, static_cast<char>(byte));
    if (byte < 0) to_spaces->apply(text);
    parts.bytes.push_back(std::move(text));
    const PieceType type = vocabulary.types[id];
    parts.special.push_back(type == PieceType::kControl || type == PieceType::kUnknown ? 1 : 0);
  }
  parts.pieces = std::move(vocabulary.pieces);
  parts.place_added();
  const VocabularyIndex index(parts.pieces);
  parts.bos = index.find(file.bos);
  parts.eos = index.find(file.eos);
  // SentencePiece adds neither by itself; models made with it want a beginning unless their
  // tokenizer_config.json says otherwise.
  parts.add_bos = parts.bos >= 0;
  return std::make_unique<PipelineTokenizer>(std::move(parts), hints);
}

}  // namespace parley::text
