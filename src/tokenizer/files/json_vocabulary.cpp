#include "tokenizer/files/json_vocabulary.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "tokenizer/vocabulary_index.hpp"

namespace parley::text {
namespace {

class VocabularyReader {
 public:
  VocabularyReader(const Json& root, const std::string& where) : root_(root), where_(where) {}

  JsonVocabulary read() {
    const auto model = root_.find("model");
    if (model == root_.end() || !model->is_object()) bad("model", "is missing or not an object");
    const std::size_t tokens = size_of(*model, "vocab") + size_of(root_, "added_tokens");
    most_ids_ = std::min(most_ids_for(tokens), static_cast<std::size_t>(kMaxVocabulary));
    const Json type = model->value("type", Json());
    if (type == Json("Unigram")) {
      out_.is_unigram = true;
      read_scored(*model);
    } else if (type == Json("BPE") || (type.is_null() && model->contains("merges"))) {
      read_bpe(*model);
    } else {
      bad("model.type", "is " + to_text(type).substr(0, 60));
    }
    out_.byte_fallback = flag(*model, "byte_fallback");
    read_added_tokens();
    return std::move(out_);
  }

 private:
  [[noreturn]] void bad(const std::string& field, const std::string& why,
                        const std::string& hint = "supported: BPE and Unigram") const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + field + " " + why, hint);
  }
  bool flag(const Json& parent, const char* key) const {
    const auto found = parent.find(key);
    return found != parent.end() && found->is_boolean() && found->get<bool>();
  }
  static std::size_t size_of(const Json& parent, const char* key) {
    const auto found = parent.find(key);
    return found == parent.end() ? 0 : found->size();
  }
  static std::string named(const char* list, std::size_t i) {
    return list + ("[" + std::to_string(i) + "]");
  }
  TokenId checked_id(const Json& id, const std::string& field) const {
    if (!id.is_number_integer()) bad(field, "is not an integer", "expected a token id");
    const auto value = id.get<std::int64_t>();
    if (value < 0 || static_cast<std::size_t>(value) >= most_ids_) {
      bad(field, "is out of range: " + std::to_string(value),
          "expected 0 to " + std::to_string(most_ids_ - 1));
    }
    return static_cast<TokenId>(value);
  }
  const std::string& checked_piece(const Json& piece, const std::string& field) const {
    if (!piece.is_string() || piece.get_ref<const std::string&>().size() > kMaxPiece)
      bad(field, "is not a string of at most " + std::to_string(kMaxPiece) + " bytes",
          "expected the spelling of a token");
    return piece.get_ref<const std::string&>();
  }

  void read_bpe(const Json& model) {
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      const auto found = model.find(key);
      if (found != model.end() && !found->is_null() && *found != Json(""))
        bad(std::string("model.") + key, "is " + to_text(*found).substr(0, 60),
            "supported: none (null)");
    }
    if (const Json dropout = model.value("dropout", Json());
        dropout.is_number() && dropout.get<double>() != 0)
      bad("model.dropout", "is " + to_text(dropout), "supported: none (null)");
    out_.fuse_unknown = flag(model, "fuse_unk");
    out_.ignore_merges = flag(model, "ignore_merges");
    const auto vocabulary = model.find("vocab");
    if (vocabulary == model.end() || !vocabulary->is_object())
      bad("model.vocab", "is missing or not an object", "expected an object of token ids");
    out_.pieces.reserve(vocabulary->size());
    for (const auto& [piece, id] : vocabulary->items()) {
      if (piece.size() > kMaxPiece)
        bad("model.vocab", "has a token of " + std::to_string(piece.size()) + " bytes",
            "at most " + std::to_string(kMaxPiece));
      const TokenId at = checked_id(id, "model.vocab[" + piece.substr(0, 40) + "]");
      if (at >= static_cast<TokenId>(out_.pieces.size())) out_.pieces.resize(at + 1);
      out_.pieces[at] = piece;
    }
    const VocabularyIndex index(out_.pieces);
    const Json unknown = model.value("unk_token", Json());
    if (unknown.is_string()) out_.unknown = index.find(unknown.get_ref<const std::string&>());
    read_merges(model, index);
  }

  void read_merges(const Json& model, const VocabularyIndex& index) {
    const auto merges = model.find("merges");
    if (merges == model.end() || !merges->is_array())
      bad("model.merges", "is missing or not an array", "expected a list of pairs");
    out_.merges.reserve(merges->size());
    std::string both;
    for (std::size_t i = 0; i < merges->size(); ++i) {
      const Json& merge = (*merges)[i];
      std::string_view left, right;
      if (merge.is_string()) {
        const std::string_view text = merge.get_ref<const std::string&>();
        const auto space = text.find(' ');
        if (space == std::string_view::npos)
          bad(named("model.merges", i), "is not two pieces with a space between",
              "expected \"left right\"");
        left = text.substr(0, space);
        right = text.substr(space + 1);
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string()) {
        left = merge[0].get_ref<const std::string&>();
        right = merge[1].get_ref<const std::string&>();
      } else {
        bad(named("model.merges", i), "is not two pieces", "expected [left, right]");
      }
      both.assign(left).append(right);
      const TokenId a = index.find(left), b = index.find(right), result = index.find(both);
      if (a < 0 || b < 0 || result < 0)
        bad(named("model.merges", i), "names a piece that model.vocab lacks",
            "the file is damaged: fetch it again");
      out_.merges.push_back({a, b, result});
    }
  }

  void read_scored(const Json& model) {
    const auto vocabulary = model.find("vocab");
    if (vocabulary == model.end() || !vocabulary->is_array() || vocabulary->empty() ||
        vocabulary->size() > static_cast<std::size_t>(kMaxVocabulary))
      bad("model.vocab", "is missing, empty, too long or not an array",
          "expected a list of [piece, score]");
    for (std::size_t i = 0; i < vocabulary->size(); ++i) {
      const Json& entry = (*vocabulary)[i];
      if (!entry.is_array() || entry.size() != 2 || !entry[1].is_number())
        bad(named("model.vocab", i), "is not a piece and its score", "expected [piece, score]");
      out_.pieces.push_back(checked_piece(entry[0], named("model.vocab", i)));
      out_.scores.push_back(entry[1].get<double>());
      if (!std::isfinite(out_.scores.back()))
        bad(named("model.vocab", i), "has no finite score", "expected a number");
    }
    const auto unknown = model.find("unk_id");
    if (unknown == model.end() || unknown->is_null()) return;
    out_.unknown = checked_id(*unknown, "model.unk_id");
    if (out_.unknown >= static_cast<TokenId>(out_.pieces.size()))
      bad("model.unk_id", "is not in model.vocab", "expected a token id");
  }

  void read_added_tokens() {
    const auto added = root_.find("added_tokens");
    if (added == root_.end() || added->is_null()) return;
    if (!added->is_array()) bad("added_tokens", "is not an array", "expected a list of tokens");
    for (std::size_t i = 0; i < added->size(); ++i) {
      const Json& token = (*added)[i];
      const std::string field = named("added_tokens", i);
      if (!token.is_object() || !token.contains("id") || !token.contains("content"))
        bad(field, "needs an integer id and a string content", "expected an object");
      AddedToken out;
      out.id = checked_id(token["id"], field + ".id");
      out.content = checked_piece(token["content"], field + ".content");
      out.special = flag(token, "special");
      out.single_word = flag(token, "single_word");
      out.lstrip = flag(token, "lstrip");
      out.rstrip = flag(token, "rstrip");
      out.normalized = token.contains("normalized") ? flag(token, "normalized") : !out.special;
      if (!out.content.empty()) out_.added.push_back(std::move(out));
    }
  }

  const Json& root_;
  const std::string& where_;
  std::size_t most_ids_ = 0;
  JsonVocabulary out_;
};

}  // namespace

JsonVocabulary read_json_vocabulary(const Json& root, const std::string& where) {
  return VocabularyReader(root, where).read();
}

}  // namespace parley::text
