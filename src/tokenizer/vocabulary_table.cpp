#include "tokenizer/vocabulary_table.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/json_vocabulary.hpp"
#include "tokenizer/scored_pieces.hpp"

namespace parley::text {
namespace {

// How byte-level vocabularies of a pre-tokenizer's name cut text and merge.
struct PreTokenizer {
  std::string_view name;
  WordSplit words;
  bool single_digits = false;  // cut out before the words
  bool whole_words = false;    // a word that is a token is not merged from its bytes
  bool nfc = false;            // the checkpoints behind the name normalise, so do we
};

constexpr PreTokenizer kPreTokenizers[] = {
    {"llama-bpe", WordSplit::kDigits3, false, true},
    {"llama3", WordSplit::kDigits3, false, true},
    {"llama-v3", WordSplit::kDigits3, false, true},
    {"falcon3", WordSplit::kDigits3, false, true},
    {"pixtral", WordSplit::kDigits3, false, true},
    {"lfm2", WordSplit::kDigits3, false, true},
    {"dbrx", WordSplit::kDigits3},
    {"smaug-bpe", WordSplit::kDigits3},
    {"chatglm-bpe", WordSplit::kDigits3},
    {"glm4", WordSplit::kDigits3},
    {"qwen2", WordSplit::kDigits1, false, false, true},
    {"deepseek-r1-qwen", WordSplit::kDigits1, false, false, true},
    {"qwen35", WordSplit::kMarks1, false, false, true},
    {"stablelm2", WordSplit::kDigits1},
    {"hunyuan", WordSplit::kDigits1},
    {"megrez", WordSplit::kDigits1},
    {"gpt-2", WordSplit::kGpt2},
    {"phi-2", WordSplit::kGpt2},
    {"mpt", WordSplit::kGpt2},
    {"olmo", WordSplit::kGpt2},
    {"jais", WordSplit::kGpt2},
    {"roberta-bpe", WordSplit::kGpt2},
    {"smollm", WordSplit::kGpt2, true},
    {"starcoder", WordSplit::kGpt2, true},
    {"refact", WordSplit::kGpt2, true},
    {"command-r", WordSplit::kGpt2, true},
    {"codeshell", WordSplit::kGpt2, true},
    {"exaone", WordSplit::kGpt2, true},
    {"gpt-4o", WordSplit::kO200k},
    {"llama4", WordSplit::kO200k},
    {"tekken", WordSplit::kTekken, false, true},
};

class Builder {
 public:
  Builder(const VocabularyTable& table, std::string_view where, const TokenizerHints& hints)
      : table_(table), where_(where), hints_(hints), size_(table.tokens.size()) {}

  std::unique_ptr<Tokenizer> build() {
    check();
    read_types();
    parts_.pieces = table_.tokens;
    if (table_.model == "gpt2") {
      build_byte_level();
    } else if (table_.model == "llama" || table_.model == "t5") {
      build_scored();
    } else {
      bad("model", "is \"" + table_.model + '"', "supported: gpt2, llama, t5");
    }
    parts_.bos = table_.bos;
    parts_.eos = table_.eos;
    const bool is_llama = table_.model == "llama";
    parts_.add_bos = table_.add_bos.value_or(is_llama) && table_.bos >= 0;
    parts_.add_eos = table_.add_eos.value_or(table_.model == "t5") && table_.eos >= 0;
    return std::make_unique<PipelineTokenizer>(std::move(parts_), hints_);
  }

 private:
  [[noreturn]] void bad(const std::string& field, const std::string& what,
                        const std::string& hint) const {
    fail(ErrorKind::kInvalidInput, where_ + ": tokenizer.ggml." + field + " " + what, hint);
  }

  void check() const {
    if (size_ == 0 || size_ > static_cast<std::size_t>(kMaxVocabulary))
      bad("tokens", "holds " + std::to_string(size_) + " tokens",
          "expected 1 to " + std::to_string(kMaxVocabulary));
    for (const std::string& token : table_.tokens) {
      if (token.size() > kMaxPiece)
        bad("tokens", "holds a token of " + std::to_string(token.size()) + " bytes",
            "at most " + std::to_string(kMaxPiece));
    }
    if (!table_.types.empty() && table_.types.size() != size_)
      bad("token_type", "is not as long as tokens", "expected one type a token");
    for (const TokenId id :
         {table_.bos, table_.eos, table_.unknown, table_.pad, table_.end_of_turn}) {
      if (id < -1 || id >= static_cast<TokenId>(size_))
        bad("bos_token_id, eos_token_id, unknown_token_id, padding_token_id or eot_token_id",
            "is " + std::to_string(id), "expected the id of a token");
    }
  }

  void read_types() {
    parts_.special.resize(size_);
    types_.assign(size_, PieceType::kNormal);
    for (std::size_t id = 0; id < size_; ++id) {
      const std::int32_t type = table_.types.empty() ? 1 : table_.types[id];
      if (type < 0 || type > 6)
        bad("token_type[" + std::to_string(id) + "]", "is " + std::to_string(type),
            "supported: 0 to 6");
      types_[id] = type == 0 ? PieceType::kNormal : static_cast<PieceType>(type);
    }
    for (const TokenId id : {table_.bos, table_.eos, table_.pad, table_.end_of_turn}) {
      if (id >= 0 && types_[id] == PieceType::kNormal) types_[id] = PieceType::kControl;
    }
    if (table_.unknown >= 0 && table_.model != "gpt2") types_[table_.unknown] = PieceType::kUnknown;
    for (std::size_t id = 0; id < size_; ++id) {
      const bool special = types_[id] == PieceType::kControl || types_[id] == PieceType::kUnknown;
      parts_.special[id] = special ? 1 : 0;
      if ((!special && types_[id] != PieceType::kUserDefined) || table_.tokens[id].empty())
        continue;
      AddedToken token;
      token.id = static_cast<TokenId>(id);
      token.content = table_.tokens[id];
      token.special = special;
      parts_.added.push_back(std::move(token));
    }
    guard_added_tokens(parts_.added, hints_);
    guarded_.resize(size_);
    for (const AddedToken& token : parts_.added) guarded_[token.id] = token.guarded ? 1 : 0;
  }

  void build_byte_level() {
    add_splitters();
    BpeRules rules;
    const VocabularyIndex index(table_.tokens);
    rules.merges = MergeTable(table_.merges.size());
    std::string both;
    for (std::size_t rank = 0; rank < table_.merges.size(); ++rank) {
      const std::string_view merge = table_.merges[rank];
      // The space between the two: a piece may begin with one, but is not empty.
      const auto space = merge.find(' ', 1);
      const std::string field = "merges[" + std::to_string(rank) + "]";
      if (space == std::string_view::npos)
        bad(field, "is not two pieces with a space between", "expected \"left right\"");
      const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
      both.assign(left).append(right);
      const TokenId a = index.find(left), b = index.find(right), result = index.find(both);
      if (a < 0 || b < 0 || result < 0)
        bad(field, "names a piece that tokens lacks", "the file is damaged: fetch it again");
      if (!guarded_[result]) rules.merges.add(a, b, static_cast<std::uint32_t>(rank), result);
    }
    std::vector<std::pair<std::string, std::int32_t>> words;
    for (std::size_t id = 0; id < size_; ++id) {
      std::string bytes;
      const bool spelled = stand_ins_to_bytes(table_.tokens[id], bytes);
      parts_.bytes.push_back(spelled ? bytes : table_.tokens[id]);
      if (!spelled || guarded_[id] || bytes.empty()) continue;
      if (bytes.size() == 1)
        rules.bytes[static_cast<unsigned char>(bytes[0])] = static_cast<TokenId>(id);
      if (whole_words_) words.emplace_back(std::move(bytes), static_cast<std::int32_t>(id));
    }
    rules.whole_words = PieceTrie(words);
    rules.unknown = table_.unknown;
    parts_.model = std::make_unique<BpePieces>(std::move(rules));
  }

  void add_splitters() {
    const auto isolate = [&](WordSplit split) {
      parts_.splitters.push_back(split_words(split, SplitBehavior::kIsolated, false));
    };
    const std::string& name = table_.pre;
    if (name == "deepseek-v3") {
      isolate(WordSplit::kThreeDigits);
      isolate(WordSplit::kHanKana);
      isolate(WordSplit::kDeepSeek);
      return;
    }
    if (name.empty() || name == "default" || name == "falcon") {
      const bool falcon = name == "falcon";
      parts_.splitters.push_back(split_signs(falcon ? "$+<=>^~|`" : "$+<=>^~|"));
      isolate(WordSplit::kGpt2);
      if (!falcon) parts_.splitters.push_back(split_digits(false));
      isolate(WordSplit::kThreeAscii);
      return;
    }
    const auto* known = std::find_if(std::begin(kPreTokenizers), std::end(kPreTokenizers),
                                     [&](const PreTokenizer& pre) { return pre.name == name; });
    if (known == std::end(kPreTokenizers)) {
      std::string supported = "supported: default, deepseek-v3, falcon";
      for (const PreTokenizer& pre : kPreTokenizers) supported.append(", ").append(pre.name);
      bad("pre", "is \"" + name + '"', supported);
    }
    if (known->nfc) parts_.normalizers.push_back(unicode_form(UnicodeForm::kNfc));
    if (known->single_digits) parts_.splitters.push_back(split_digits(true));
    isolate(known->words);
    whole_words_ = known->whole_words;
  }

  void build_scored() {
    if (table_.scores.size() != size_)
      bad("scores", "is not as long as tokens", "expected one score a token");
    if (!std::all_of(table_.scores.begin(), table_.scores.end(),
                     [](float score) { return std::isfinite(score); }))
      bad("scores", "holds a number that is not finite", "expected numbers");
    const bool is_llama = table_.model == "llama";
    ScoredPieces vocabulary;
    vocabulary.pieces = table_.tokens;
    vocabulary.scores = table_.scores;
    vocabulary.types = types_;
    vocabulary.guarded = guarded_;
    vocabulary.byte_fallback = std::count(types_.begin(), types_.end(), PieceType::kByte) == 256;
    const bool prefix = table_.add_space_prefix.value_or(true);
    if (is_llama) {
      // Every text between special tokens begins with a space; nothing else is normalised.
      if (prefix) parts_.normalizers.push_back(prepend(std::string(kSpaceSymbol)));
      parts_.normalizers.push_back(replace_all(" ", std::string(kSpaceSymbol)));
      // User-defined tokens are found before that; the model does not meet them again.
      parts_.model = std::make_unique<BpePieces>(rules_by_score(vocabulary));
    } else {
      if (vocabulary.unknown() < 0)
        bad("unknown_token_id", "is missing", "expected the token of unknown characters");
      SentencePieceNormalization rules;
      if (!table_.precompiled_charsmap.empty()) {
        rules.map =
            Charsmap(table_.precompiled_charsmap, where_ + ": tokenizer.ggml.precompiled_charsmap");
      }
      rules.verbatim = vocabulary.user_defined();
      rules.add_dummy_prefix = prefix;
      rules.remove_extra_whitespaces = table_.remove_extra_whitespaces.value_or(true);
      parts_.normalizers.push_back(sentence_piece(std::move(rules)));
      parts_.model = std::make_unique<UnigramPieces>(unigram_rules(vocabulary));
    }
    if (prefix) parts_.leading_space = LeadingSpace::kOne;
    const NormalizerPtr to_spaces = replace_all(std::string(kSpaceSymbol), " ");
    for (std::size_t id = 0; id < size_; ++id) {
      std::string text = table_.tokens[id];
      const int byte = types_[id] == PieceType::kByte ? byte_of_token(text) : -1;
      if (byte >= 0) {
        text.assign(1, static_cast<char>(byte));
      } else {
        to_spaces->apply(text);
      }
      parts_.bytes.push_back(std::move(text));
    }
  }

  const VocabularyTable& table_;
  std::string where_;
  const TokenizerHints& hints_;
  std::size_t size_;
  std::vector<PieceType> types_;
  std::vector<std::uint8_t> guarded_;
  bool whole_words_ = false;
  TokenizerParts parts_;
};

}  // namespace

std::unique_ptr<Tokenizer> tokenizer_from_table(const VocabularyTable& table,
                                                std::string_view where,
                                                const TokenizerHints& hints) {
  return Builder(table, where, hints).build();
}

}  // namespace parley::text
