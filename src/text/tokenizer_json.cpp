#include "text/tokenizer_json.hpp"

#include <array>
#include <unordered_map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "text/char_class.hpp"
#include "text/chat_format.hpp"
#include "text/pre_tokenizer.hpp"

namespace parley::text {
namespace {

constexpr TokenId kMaxVocabulary = 1 << 20;
constexpr const char* kSupported =
    "supported: byte-level BPE with the Llama 3 split, and SentencePiece-style BPE with byte "
    "fallback";

// GPT-2's printable stand-ins: bytes that are visible Latin-1 keep their code point, the rest count
// up from U+0100.
const std::array<char32_t, 256>& byte_to_char() {
  static const auto made = [] {
    std::array<char32_t, 256> map{};
    char32_t next = 256;
    for (int b = 0; b < 256; ++b) {
      const bool visible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      map[b] = visible ? static_cast<char32_t>(b) : next++;
    }
    return map;
  }();
  return made;
}

std::string to_printable(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) append_utf8(out, byte_to_char()[static_cast<unsigned char>(c)]);
  return out;
}

// False when a character is none of the 256 stand-ins.
bool from_printable(std::string_view text, std::string& out) {
  static const auto back = [] {
    std::unordered_map<char32_t, char> map;
    for (int b = 0; b < 256; ++b) map[byte_to_char()[b]] = static_cast<char>(b);
    return map;
  }();
  out.clear();
  for (std::size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text, i);
    const auto found = back.find(c.code);
    if (found == back.end()) return false;
    out += found->second;
    i += c.length;
  }
  return true;
}

class Reader {
 public:
  Reader(const Json& root, std::string_view where) : root_(root), where_(where) {}

  BpeModel read() {
    const Json& model = object(root_, "model");
    if (model.value("type", "BPE") != "BPE") bad("model.type", "is not BPE");
    const bool byte_fallback = flag(model, "byte_fallback");
    BpeModel out;
    out.kind = byte_fallback ? BpeModel::Kind::kSentencePiece : BpeModel::Kind::kByteLevel;
    check_pre_tokenizer(out);
    read_vocabulary(model, out);
    read_added_tokens(out);
    for (std::size_t id = 0; id < out.tokens.size(); ++id) {
      if (!seen_[id]) bad("model.vocab", "has no token with id " + std::to_string(id));
    }
    read_merges(model, out);
    return out;
  }

 private:
  [[noreturn]] void bad(const std::string& field, const std::string& why) const {
    fail(ErrorKind::kInvalidInput, std::string(where_) + ": " + field + " " + why, kSupported);
  }
  const Json& object(const Json& parent, const char* key) const {
    const auto found = parent.is_object() ? parent.find(key) : parent.end();
    if (!parent.is_object() || found == parent.end() || !found->is_object())
      bad(key, "is missing or not an object");
    return *found;
  }
  static bool flag(const Json& parent, const char* key) {
    const auto found = parent.find(key);
    return found != parent.end() && found->is_boolean() && found->get<bool>();
  }

  void check_pre_tokenizer(BpeModel& out) const {
    const auto found = root_.find("pre_tokenizer");
    const std::string text = found == root_.end() ? "null" : to_text(*found);
    if (out.kind == BpeModel::Kind::kByteLevel) {
      if (text.find(to_text(Json(kSplitPattern))) == std::string::npos) {
        bad("pre_tokenizer", "is not the Llama 3 split followed by ByteLevel");
      }
      return;
    }
    if (text != "null") bad("pre_tokenizer", "must be null for SentencePiece-style BPE");
    const auto normalizer = root_.find("normalizer");
    const std::string steps = normalizer == root_.end() ? "null" : to_text(*normalizer);
    out.add_space_prefix = steps.find("\"Prepend\"") != std::string::npos;
  }

  void place(BpeModel& out, TokenId id, std::string token, bool special, const std::string& field) {
    if (id < 0 || id >= kMaxVocabulary)
      bad(field, "has id " + std::to_string(id) + ", out of range");
    const auto at = static_cast<std::size_t>(id);
    if (at >= out.tokens.size()) {
      out.tokens.resize(at + 1);
      out.special.resize(at + 1);
      seen_.resize(at + 1);
    }
    out.tokens[at] = std::move(token);
    out.special[at] = special ? 1 : 0;
    seen_[at] = true;
  }

  void read_vocabulary(const Json& model, BpeModel& out) {
    for (const auto& [token, id] : object(model, "vocab").items()) {
      const std::string field = "model.vocab[" + token.substr(0, 40) + "]";
      if (!id.is_number_integer()) bad(field, "is not an integer");
      const auto value = id.get<std::int64_t>();
      if (value < 0 || value >= kMaxVocabulary) bad(field, "is out of range");
      ids_.emplace(token, static_cast<TokenId>(value));
      std::string bytes = token;
      if (out.kind == BpeModel::Kind::kByteLevel && !from_printable(token, bytes)) bytes = token;
      place(out, static_cast<TokenId>(value), std::move(bytes), false, field);
    }
  }

  void read_added_tokens(BpeModel& out) {
    const auto added = root_.find("added_tokens");
    if (added == root_.end()) return;
    if (!added->is_array()) bad("added_tokens", "is not an array");
    for (std::size_t i = 0; i < added->size(); ++i) {
      const Json& token = (*added)[i];
      const std::string field = "added_tokens[" + std::to_string(i) + "]";
      if (!token.is_object() || !token.contains("id") || !token["id"].is_number_integer() ||
          !token.contains("content") || !token["content"].is_string()) {
        bad(field, "needs an integer id and a string content");
      }
      const auto id = token["id"].get<std::int64_t>();
      if (id < 0 || id >= kMaxVocabulary) bad(field + ".id", "is out of range");
      place(out, static_cast<TokenId>(id), token["content"].get<std::string>(), true, field);
    }
  }

  void read_merges(const Json& model, BpeModel& out) const {
    const auto merges = model.find("merges");
    if (merges == model.end() || !merges->is_array())
      bad("model.merges", "is missing or not an array");
    out.merges.reserve(merges->size());
    for (std::size_t i = 0; i < merges->size(); ++i) {
      const Json& merge = (*merges)[i];
      const std::string field = "model.merges[" + std::to_string(i) + "]";
      std::string left, right;
      if (merge.is_string()) {
        const std::string text = merge.get<std::string>();
        const auto space = text.find(' ');
        if (space == std::string::npos) bad(field, "is not two pieces with a space between");
        left = text.substr(0, space);
        right = text.substr(space + 1);
      } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
                 merge[1].is_string()) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
      } else {
        bad(field, "is not two pieces");
      }
      const auto a = ids_.find(left), b = ids_.find(right), both = ids_.find(left + right);
      if (a == ids_.end() || b == ids_.end() || both == ids_.end()) {
        bad(field, "names a piece that model.vocab lacks");
      }
      out.merges.push_back({a->second, b->second, both->second});
    }
  }

  const Json& root_;
  std::string_view where_;
  std::unordered_map<std::string, TokenId> ids_;
  std::vector<bool> seen_;
};

OrderedJson byte_level_parts() {
  const OrderedJson byte_level = {{"type", "ByteLevel"},
                                  {"add_prefix_space", false},
                                  {"trim_offsets", true},
                                  {"use_regex", false}};
  const OrderedJson split = {{"type", "Split"},
                             {"pattern", {{"Regex", kSplitPattern}}},
                             {"behavior", "Isolated"},
                             {"invert", false}};
  OrderedJson steps = OrderedJson::array();
  steps.push_back(split);
  steps.push_back(byte_level);
  return {{"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
          {"decoder", byte_level}};
}

OrderedJson sentence_piece_parts(bool add_space_prefix) {
  constexpr const char* kSpaceSymbol = "\xE2\x96\x81";
  OrderedJson steps = OrderedJson::array();
  if (add_space_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", kSpaceSymbol}});
  steps.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceSymbol}});
  OrderedJson decoders = OrderedJson::array();
  decoders.push_back(
      {{"type", "Replace"}, {"pattern", {{"String", kSpaceSymbol}}}, {"content", " "}});
  decoders.push_back({{"type", "ByteFallback"}});
  decoders.push_back({{"type", "Fuse"}});
  if (add_space_prefix)
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  return {{"normalizer", {{"type", "Sequence"}, {"normalizers", steps}}},
          {"pre_tokenizer", nullptr},
          {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}}};
}

}  // namespace

BpeModel parse_tokenizer_json(std::string_view text, std::string_view where) {
  const Json root = parse_json(text, where);
  if (!root.is_object())
    fail(ErrorKind::kInvalidInput, std::string(where) + ": is not a JSON object", kSupported);
  return Reader(root, where).read();
}

BpeModel read_tokenizer_json(const std::filesystem::path& path) {
  return parse_tokenizer_json(read_file(path, 256u << 20), path.string());
}

void write_tokenizer_json(const BpeModel& model, const std::filesystem::path& path) {
  const bool byte_level = model.kind == BpeModel::Kind::kByteLevel;
  const auto spell = [&](TokenId id) {
    return byte_level && !model.special[id] ? to_printable(model.tokens[id]) : model.tokens[id];
  };
  OrderedJson added = OrderedJson::array();
  OrderedJson vocabulary = OrderedJson::object();
  for (TokenId id = 0; id < static_cast<TokenId>(model.tokens.size()); ++id) {
    if (model.special[id]) {
      added.push_back({{"id", id},
                       {"content", model.tokens[id]},
                       {"single_word", false},
                       {"lstrip", false},
                       {"rstrip", false},
                       {"normalized", false},
                       {"special", true}});
    }
    vocabulary[spell(id)] = id;
  }
  OrderedJson merges = OrderedJson::array();
  for (const Merge& merge : model.merges)
    merges.push_back(spell(merge.left) + " " + spell(merge.right));
  const OrderedJson parts =
      byte_level ? byte_level_parts() : sentence_piece_parts(model.add_space_prefix);
  const OrderedJson root = {{"version", "1.0"},
                            {"truncation", nullptr},
                            {"padding", nullptr},
                            {"added_tokens", added},
                            {"normalizer", parts["normalizer"]},
                            {"pre_tokenizer", parts["pre_tokenizer"]},
                            {"post_processor", nullptr},
                            {"decoder", parts["decoder"]},
                            {"model",
                             {{"type", "BPE"},
                              {"dropout", nullptr},
                              {"unk_token", nullptr},
                              {"continuing_subword_prefix", nullptr},
                              {"end_of_word_suffix", nullptr},
                              {"fuse_unk", false},
                              {"byte_fallback", !byte_level},
                              {"ignore_merges", false},
                              {"vocab", vocabulary},
                              {"merges", merges}}}};
  write_file_atomically(path, to_text(root, 1) + "\n");
}

void write_tokenizer_config(const std::filesystem::path& path, int context) {
  const OrderedJson root = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                            {"bos_token", kBos},
                            {"eos_token", kEnd},
                            {"pad_token", kEnd},
                            {"add_bos_token", false},
                            {"add_eos_token", false},
                            {"clean_up_tokenization_spaces", false},
                            {"model_max_length", context},
                            {"chat_template", kChatTemplateJinja}};
  write_file_atomically(path, to_text(root, 2) + "\n");
}

void write_generation_config(const std::filesystem::path& path, TokenId bos, TokenId eos,
                             double temperature, double top_p) {
  const OrderedJson root = {{"bos_token_id", bos},        {"eos_token_id", eos},
                            {"pad_token_id", eos},        {"do_sample", temperature > 0},
                            {"temperature", temperature}, {"top_p", top_p}};
  write_file_atomically(path, to_text(root, 2) + "\n");
}

std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& model_dir) {
  return std::make_unique<BpeTokenizer>(read_tokenizer_json(model_dir / "tokenizer.json"));
}

}  // namespace parley::text
