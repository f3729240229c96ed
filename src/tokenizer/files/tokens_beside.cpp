#include "tokenizer/files/tokens_beside.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "base/error.hpp"
#include "tokenizer/files/json_vocabulary.hpp"

namespace parley::text {
namespace {

constexpr const char* kConfigFile = "tokenizer_config.json";
constexpr const char* kSpecialFile = "special_tokens_map.json";
constexpr const char* kAddedFile = "added_tokens.json";

// In the order in which transformers gives new ids to those that have none.
struct Role {
  const char* key;
  bool optional;  // no prompt has it
};
constexpr Role kRoles[] = {{"bos_token", false}, {"eos_token", false}, {"unk_token", true},
                           {"sep_token", true},  {"pad_token", true},  {"cls_token", true},
                           {"mask_token", true}};
// Lists, and objects of names of a model's own.
constexpr const char* kMore[] = {"additional_special_tokens", "extra_special_tokens"};

// A field of one of the files.
struct Field {
  const Json* value;  // null: not there
  std::string name;   // "PATH: KEY"
};

class Reader {
 public:
  Reader(const NamedFiles& files, TokenizerHints& hints)
      : files_(files),
        hints_(hints),
        config_(files.read_object(kConfigFile)),
        placed_(config_.contains("added_tokens_decoder")) {
    if (placed_) return;
    special_ = files.read_object(kSpecialFile);
    added_ = files.read_object(kAddedFile);
  }

  void read() {
    hints_.bos = spelling(field("bos_token"));
    hints_.eos = spelling(field("eos_token"));
    hints_.add_bos = flag("add_bos_token");
    hints_.add_eos = flag("add_eos_token");
    read_spaces();
    read_named();
    if (placed_) {
      read_decoder();
    } else {
      read_added();
    }
    // Those with ids first, in the order of these.
    std::ranges::stable_sort(hints_.beside, [](const TokenBeside& a, const TokenBeside& b) {
      return static_cast<std::uint32_t>(a.token.id) < static_cast<std::uint32_t>(b.token.id);
    });
  }

 private:
  [[noreturn]] static void bad(const std::string& field, const std::string& what,
                               const std::string& hint) {
    fail(ErrorKind::kInvalidInput, field + " " + what, hint);
  }

  Field field(const char* key) const {
    for (const bool apart : {true, false}) {
      const Json& root = apart ? special_ : config_;
      if (!root.is_object()) continue;
      const auto found = root.find(key);
      if (found == root.end()) continue;
      return {&*found, files_.path_of(apart ? kSpecialFile : kConfigFile) + ": " + key};
    }
    return {nullptr, {}};
  }

  int flag(const char* key) const {
    const Json value = config_.value(key, Json());
    if (value.is_null()) return -1;
    if (!value.is_boolean())
      bad(files_.path_of(kConfigFile) + ": " + key, "is not true or false",
          "expected true, false or null");
    return value.get<bool>() ? 1 : 0;
  }

  // A text, an object with "content", or null.
  static std::string spelling(const Field& field) {
    if (!field.value || field.value->is_null()) return {};
    const Json* text = field.value;
    if (text->is_object()) {
      const auto content = text->find("content");
      if (content == text->end()) bad(field.name, "has no content", "expected a token's spelling");
      text = &*content;
    }
    if (!text->is_string() || text->get_ref<const std::string&>().size() > kMaxPiece)
      bad(field.name, "is not the spelling of a token",
          "expected a string of at most " + std::to_string(kMaxPiece) +
              " bytes, or an object with one as its content");
    return text->get<std::string>();
  }

  static bool option(const Field& field, const char* key, bool otherwise) {
    if (!field.value->is_object()) return otherwise;
    const auto found = field.value->find(key);
    if (found == field.value->end() || found->is_null()) return otherwise;
    if (!found->is_boolean())
      bad(field.name + "." + key, "is not true or false", "expected true or false");
    return found->get<bool>();
  }

  // `special`: named as such, whatever its own flag says.
  static AddedToken token(const Field& field, bool special) {
    AddedToken out;
    out.content = spelling(field);
    out.special = special || option(field, "special", false);
    out.single_word = option(field, "single_word", false);
    out.lstrip = option(field, "lstrip", false);
    out.rstrip = option(field, "rstrip", false);
    out.normalized = option(field, "normalized", !out.special);
    return out;
  }

  void read_spaces() {
    const Json type = config_.value("tokenizer_class", Json());
    const std::string name = type.is_string() ? type.get<std::string>() : std::string();
    const bool has_ways = name.starts_with("LlamaTokenizer") || name.starts_with("CodeLlama");
    hints_.space_once = has_ways && flag("legacy") == 0;
    hints_.space_first = flag("add_prefix_space") != 0;
  }

  void name(const Field& field, bool optional) {
    TokenBeside out = {token(field, true), field.name, optional};
    if (!out.token.content.empty()) hints_.beside.push_back(std::move(out));
  }

  void read_named() {
    for (const Role& role : kRoles) {
      const Field found = field(role.key);
      if (found.value && !found.value->is_null()) name(found, role.optional);
    }
    for (const char* key : kMore) {
      const Field found = field(key);
      if (!found.value || found.value->is_null()) continue;
      if (!found.value->is_array() && !found.value->is_object())
        bad(found.name, "is not a list", "expected a list of tokens");
      for (const auto& [at, each] : found.value->items())
        name({&each, found.name + "[" + at + "]"}, false);
    }
  }

  void place(const Field& field, AddedToken token, std::int64_t id) {
    if (id < 0 || id >= kMaxVocabulary)
      bad(field.name, "has the id " + std::to_string(id),
          "expected 0 to " + std::to_string(kMaxVocabulary - 1));
    if (token.content.empty()) bad(field.name, "is empty", "expected the spelling of a token");
    token.id = static_cast<TokenId>(id);
    hints_.beside.push_back({std::move(token), field.name, false});
  }

  void read_decoder() {
    const Json& decoder = config_["added_tokens_decoder"];
    const std::string where = files_.path_of(kConfigFile) + ": added_tokens_decoder";
    if (decoder.is_null()) return;
    if (!decoder.is_object()) bad(where, "is not an object", "expected tokens by their ids");
    for (const auto& [key, value] : decoder.items()) {
      const Field found = {&value, where + "[" + key.substr(0, 40) + "]"};
      std::int64_t id = -1;
      const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
      if (error != std::errc() || end != key.data() + key.size())
        bad(found.name, "is no id", "expected a whole number");
      if (!value.is_object()) bad(found.name, "is not an object", "expected a token and its flags");
      place(found, token(found, false), id);
    }
  }

  void read_added() {
    const std::string where = files_.path_of(kAddedFile);
    std::unordered_set<std::string> named;
    for (const TokenBeside& each : hints_.beside) named.insert(each.token.content);
    for (const auto& [content, id] : added_.items()) {
      const Json text = content;
      const Field found = {&text, where + ": \"" + content.substr(0, 40) + '"'};
      if (!id.is_number_integer()) bad(found.name, "has no id", "expected a whole number");
      place(found, token(found, named.contains(content)), id.get<std::int64_t>());
    }
  }

  const NamedFiles& files_;
  TokenizerHints& hints_;
  Json config_, special_, added_;
  bool placed_;  // the configuration says it all
};

}  // namespace

void read_tokens_beside(const NamedFiles& files, TokenizerHints& hints) {
  Reader(files, hints).read();
}

}  // namespace parley::text
