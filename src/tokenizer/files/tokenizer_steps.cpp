#include "tokenizer/files/tokenizer_steps.hpp"

#include "base/base64.hpp"
#include "base/error.hpp"
#include "tokenizer/byte_alphabet.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxString = 1024;  // bytes: what a step may put in for every character
constexpr std::size_t kMaxCharsmap = 64 << 20;

// One step of a part, with its name for errors: "normalizer.normalizers[2]".
struct Step {
  const Json* json;
  std::string field;
};

class Part {
 public:
  Part(const Json& root, const std::string& where, const char* part, const char* list)
      : where_(where) {
    const auto found = root.find(part);
    if (found != root.end() && !found->is_null()) flatten(*found, part, list);
  }

  const std::vector<Step>& steps() const { return steps_; }

  [[noreturn]] void bad(const std::string& field, const std::string& found,
                        const std::string& supported) const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + field + " " + found, supported);
  }
  std::string type(const Step& step) const { return text(step, "type"); }
  std::string text(const Step& step, const char* key, std::size_t most = kMaxString) const {
    const auto found = step.json->find(key);
    if (found == step.json->end() || !found->is_string() ||
        found->get_ref<const std::string&>().size() > most) {
      bad(step.field + "." + key, "is missing, not a string or too long",
          "expected a string of at most " + std::to_string(most) + " bytes");
    }
    return found->get<std::string>();
  }
  bool flag(const Step& step, const char* key, bool otherwise) const {
    const auto found = step.json->find(key);
    if (found == step.json->end() || found->is_null()) return otherwise;
    if (!found->is_boolean())
      bad(step.field + "." + key, "is not true or false", "expected true or false");
    return found->get<bool>();
  }
  std::int64_t number(const Step& step, const char* key) const {
    const auto found = step.json->find(key);
    if (found == step.json->end() || !found->is_number_integer())
      bad(step.field + "." + key, "is missing or not a whole number", "expected a whole number");
    return found->get<std::int64_t>();
  }

  struct Pattern {
    std::string text;
    bool is_regex;
  };
  Pattern pattern(const Step& step) const {
    const auto found = step.json->find("pattern");
    if (found != step.json->end() && found->is_object()) {
      for (const char* kind : {"String", "Regex"}) {
        const auto text = found->find(kind);
        if (text == found->end() || !text->is_string() ||
            text->get_ref<const std::string&>().empty())
          continue;
        return {text->get<std::string>(), kind[0] == 'R'};
      }
    }
    bad(step.field + ".pattern", "is missing, empty or of an unknown kind",
        "supported: {\"String\": …} and {\"Regex\": …}");
  }

 private:
  void flatten(const Json& step, const std::string& field, const char* list) {
    if (!step.is_object()) bad(field, "is not an object", "expected an object or null");
    const auto steps = step.find(list);
    if (step.value("type", Json()) != Json("Sequence")) {
      if (steps_.size() == kMaxSteps)
        bad(field, "is one step too many", "at most " + std::to_string(kMaxSteps));
      steps_.push_back({&step, field});
      return;
    }
    if (steps == step.end() || !steps->is_array())
      bad(field + "." + list, "is missing or not a list", "expected a list of steps");
    for (std::size_t i = 0; i < steps->size(); ++i)
      flatten((*steps)[i], field + "." + list + "[" + std::to_string(i) + "]", list);
  }

  const std::string& where_;
  std::vector<Step> steps_;
};

SplitBehavior read_behavior(const Part& part, const Step& step, bool optional) {
  if (optional && !step.json->contains("behavior")) return SplitBehavior::kIsolated;
  const std::string name = part.text(step, "behavior");
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  part.bad(step.field + ".behavior", "is \"" + name + "\"",
           "supported: Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

// Old files say add_prefix_space instead of prepend_scheme.
PrependScheme read_scheme(const Part& part, const Step& step) {
  if (!step.json->contains("prepend_scheme")) {
    return part.flag(step, "add_prefix_space", true) ? PrependScheme::kAlways
                                                     : PrependScheme::kNever;
  }
  const std::string name = part.text(step, "prepend_scheme");
  if (name == "always") return PrependScheme::kAlways;
  if (name == "first") return PrependScheme::kFirst;
  if (name == "never") return PrependScheme::kNever;
  part.bad(step.field + ".prepend_scheme", "is \"" + name + "\"",
           "supported: always, first, never");
}

NormalizerPtr read_replace(const Part& part, const Step& step, const std::string& where) {
  const Part::Pattern pattern = part.pattern(step);
  std::string content = part.text(step, "content");
  if (!pattern.is_regex) return replace_all(pattern.text, std::move(content));
  if (pattern.text == " {2,}") return replace_spaces(std::move(content));
  return replace_regex(pattern.text, std::move(content), where + ": " + step.field + ".pattern");
}

SplitterPtr read_split(const Part& part, const Step& step, const std::string& where) {
  const Part::Pattern pattern = part.pattern(step);
  const SplitBehavior behavior = read_behavior(part, step, false);
  const bool invert = part.flag(step, "invert", false);
  if (!pattern.is_regex) return split_string(pattern.text, behavior, invert);
  if (const auto known = known_split(pattern.text)) return split_words(*known, behavior, invert);
  return split_regex(pattern.text, where + ": " + step.field + ".pattern", behavior, invert);
}

}  // namespace

std::vector<NormalizerPtr> read_normalizers(const Json& root, const std::string& where) {
  const Part part(root, where, "normalizer", "normalizers");
  std::vector<NormalizerPtr> out;
  for (const Step& step : part.steps()) {
    const std::string type = part.type(step);
    if (type == "NFC") {
      out.push_back(unicode_form(UnicodeForm::kNfc));
    } else if (type == "NFD") {
      out.push_back(unicode_form(UnicodeForm::kNfd));
    } else if (type == "NFKC") {
      out.push_back(unicode_form(UnicodeForm::kNfkc));
    } else if (type == "NFKD") {
      out.push_back(unicode_form(UnicodeForm::kNfkd));
    } else if (type == "Lowercase") {
      out.push_back(lowercase());
    } else if (type == "Strip") {
      out.push_back(strip_white_space(part.flag(step, "strip_left", true),
                                      part.flag(step, "strip_right", true)));
    } else if (type == "StripAccents") {
      out.push_back(strip_accents());
    } else if (type == "Prepend") {
      out.push_back(prepend(part.text(step, "prepend")));
    } else if (type == "Replace") {
      out.push_back(read_replace(part, step, where));
    } else if (type == "Nmt") {
      out.push_back(nmt());
    } else if (type == "Precompiled") {
      const auto map = step.json->find("precompiled_charsmap");
      if (map == step.json->end() || map->is_null()) continue;
      const std::string field = step.field + ".precompiled_charsmap";
      const auto blob = decode_base64(part.text(step, "precompiled_charsmap", kMaxCharsmap));
      if (!blob) part.bad(field, "is not base64", "the file is damaged: fetch it again");
      if (!blob->empty()) out.push_back(precompiled(Charsmap(*blob, where + ": " + field)));
    } else {
      part.bad(step.field + ".type", "is \"" + type + "\"",
               "supported: Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, "
               "Prepend, Replace, Nmt, Precompiled");
    }
  }
  return out;
}

PreTokenizers read_pre_tokenizers(const Json& root, const std::string& where) {
  const Part part(root, where, "pre_tokenizer", "pretokenizers");
  PreTokenizers out;
  bool stands_in = false;  // pieces are spelled in the stand-ins of bytes
  for (std::size_t i = 0; i < part.steps().size(); ++i) {
    const Step& step = part.steps()[i];
    const std::string type = part.type(step);
    if (type == "ByteLevel") {
      if (out.byte_level)
        part.bad(step.field, "is a second ByteLevel", "supported: one ByteLevel step");
      out.byte_level = true;
      if (part.flag(step, "add_prefix_space", true)) out.steps.push_back(space_before());
      if (part.flag(step, "use_regex", true))
        out.steps.push_back(split_words(WordSplit::kGpt2, SplitBehavior::kIsolated, false));
      if (i + 1 < part.steps().size()) {
        out.steps.push_back(to_stand_ins());
        stands_in = true;
      }
    } else if (type == "Split") {
      out.steps.push_back(read_split(part, step, where));
    } else if (type == "Metaspace") {
      const std::string replacement = part.text(step, "replacement");
      if (replacement.empty())
        part.bad(step.field + ".replacement", "is empty", "expected a character");
      out.steps.push_back(
          metaspace(replacement, read_scheme(part, step), part.flag(step, "split", true)));
    } else if (type == "Digits") {
      out.steps.push_back(split_digits(part.flag(step, "individual_digits", false)));
    } else if (type == "Punctuation") {
      out.steps.push_back(split_punctuation(read_behavior(part, step, true)));
    } else if (type == "Whitespace") {
      out.steps.push_back(split_words_and_symbols());
    } else if (type == "WhitespaceSplit") {
      out.steps.push_back(split_white_space());
    } else {
      part.bad(step.field + ".type", "is \"" + type + "\"",
               "supported: Sequence, ByteLevel, Split, Metaspace, Digits, Punctuation, "
               "Whitespace, WhitespaceSplit");
    }
  }
  if (stands_in) out.steps.push_back(from_stand_ins());
  return out;
}

Surround read_post_processor(const Json& root) {
  Surround out;
  const auto take = [&](const Json& step) {
    const Json type = step.value("type", Json());
    if (type == Json("RobertaProcessing") || type == Json("BertProcessing")) {
      const auto name = [&](const char* key) {
        const auto pair = step.find(key);
        const bool named =
            pair != step.end() && pair->is_array() && !pair->empty() && (*pair)[0].is_string();
        return named ? (*pair)[0].get<std::string>() : std::string();
      };
      out = {name("cls"), name("sep")};
      return;
    }
    const auto single = step.find("single");
    if (type != Json("TemplateProcessing") || single == step.end() || !single->is_array()) return;
    bool after_text = false;
    for (const Json& item : *single) {
      if (!item.is_object()) continue;
      after_text |= item.contains("Sequence");
      const auto token = item.find("SpecialToken");
      if (token == item.end() || !token->is_object()) continue;
      const Json id = token->value("id", Json());
      std::string& place = after_text ? out.eos : out.bos;
      if (id.is_string() && place.empty()) place = id.get<std::string>();
    }
  };
  const auto found = root.find("post_processor");
  if (found == root.end() || !found->is_object()) return out;
  const auto steps = found->find("processors");
  if (steps == found->end() || !steps->is_array()) {
    take(*found);
  } else {
    for (const Json& step : *steps) {
      if (step.is_object()) take(step);
    }
  }
  return out;
}

Decoding read_decoder(const Json& root, const std::string& where) {
  const Part part(root, where, "decoder", "decoders");
  Decoding out;
  bool fused = false;
  for (const Step& step : part.steps()) {
    const std::string type = part.type(step);
    if (type == "ByteLevel") {
      out.byte_level = true;
    } else if (type == "ByteFallback") {
      out.byte_fallback = true;
    } else if (type == "Fuse") {
      fused = true;
    } else if (type == "Replace" && !part.pattern(step).is_regex) {
      out.replacements.emplace_back(part.pattern(step).text, part.text(step, "content"));
    } else if (type == "Metaspace") {
      const std::string replacement = part.text(step, "replacement");
      if (replacement.empty())
        part.bad(step.field + ".replacement", "is empty", "expected a character");
      out.replacements.emplace_back(replacement, " ");
      if (read_scheme(part, step) != PrependScheme::kNever)
        out.leading_space = LeadingSpace::kFirstToken;
    } else if (type == "Strip") {
      const auto start = part.number(step, "start"), stop = part.number(step, "stop");
      if (start == 0 && stop == 0) continue;
      if (!fused || part.text(step, "content") != " " || start != 1 || stop != 0)
        part.bad(step.field, "strips something else than one space from the start of the text",
                 "supported: Strip of \" \" with start 1 and stop 0, after Fuse");
      out.leading_space = LeadingSpace::kOne;
    } else {
      part.bad(step.field + ".type", "is \"" + type + "\"",
               "supported: Sequence, ByteLevel, ByteFallback, Metaspace, Replace (String), Strip, "
               "Fuse");
    }
  }
  return out;
}

std::string Decoding::bytes(const std::string& piece) const {
  if (const int byte = byte_fallback ? byte_of_token(piece) : -1; byte >= 0)
    return std::string(1, static_cast<char>(byte));
  std::string out = piece;
  if (byte_level && !stand_ins_to_bytes(piece, out)) out = piece;
  for (const auto& [from, to] : replacements) replace_all(from, to)->apply(out);
  return out;
}

}  // namespace parley::text
