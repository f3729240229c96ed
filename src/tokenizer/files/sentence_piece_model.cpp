#include "tokenizer/files/sentence_piece_model.hpp"

#include <cmath>

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

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_sentence_piece(std::string_view bytes,
                                                         std::string_view where,
                                                         const TokenizerHints& hints) {
  FieldReader reader(where);
  ModelFile file = reader.read(bytes);
  ScoredPieces& vocabulary = file.vocabulary;
  const std::size_t size = vocabulary.pieces.size();

  TokenizerParts parts;
  parts.special.resize(size);
  for (std::size_t id = 0; id < size; ++id) {
    const PieceType type = vocabulary.types[id];
    const bool special = type == PieceType::kControl || type == PieceType::kUnknown;
    if (!special && type != PieceType::kUserDefined) continue;
    parts.special[id] = special ? 1 : 0;
    AddedToken token;
    token.id = static_cast<TokenId>(id);
    token.content = vocabulary.pieces[id];
    token.special = special;
    parts.added.push_back(std::move(token));
  }
  guard_added_tokens(parts.added, hints);
  // The other user-defined pieces are the normaliser's and the model's own business.
  std::erase_if(parts.added, [](const AddedToken& token) { return !token.guarded; });
  vocabulary.guarded.resize(size);
  for (const AddedToken& token : parts.added) vocabulary.guarded[token.id] = 1;

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
  if (file.normalization.add_dummy_prefix || file.normalization.remove_extra_whitespaces)
    parts.leading_space = LeadingSpace::kOne;
  parts.normalizers.push_back(sentence_piece(std::move(file.normalization)));

  const NormalizerPtr to_spaces = replace_all(std::string(kSpaceSymbol), " ");
  for (std::size_t id = 0; id < size; ++id) {
    std::string text = vocabulary.pieces[id];
    const int byte = vocabulary.types[id] == PieceType::kByte ? byte_of_token(text) : -1;
    if (byte >= 0) text.assign(1, static_cast<char>(byte));
    if (byte < 0) to_spaces->apply(text);
    parts.bytes.push_back(std::move(text));
  }
  parts.pieces = std::move(vocabulary.pieces);
  const VocabularyIndex index(parts.pieces);
  parts.bos = index.find(file.bos);
  parts.eos = index.find(file.eos);
  // SentencePiece adds neither by itself; models made with it want a beginning unless their
  // tokenizer_config.json says otherwise.
  parts.add_bos = parts.bos >= 0;
  return std::make_unique<PipelineTokenizer>(std::move(parts), hints);
}

}  // namespace parley::text
