// Writing tokenizer.json, tokenizer_config.json and generation_config.json.
#include "base/file.hpp"
#include "base/json.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/pre_tokenizer.hpp"

namespace parley::text {
namespace {

Json byte_level_parts() {
  const Json byte_level = {{"type", "ByteLevel"},
                           {"add_prefix_space", false},
                           {"trim_offsets", true},
                           {"use_regex", false}};
  const Json split = {{"type", "Split"},
                      {"pattern", {{"Regex", kSplitPattern}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  Json steps = Json::array();
  steps.push_back(split);
  steps.push_back(byte_level);
  return {{"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", steps}}},
          {"decoder", byte_level}};
}

Json sentence_piece_parts(bool add_space_prefix) {
  constexpr const char* kSpaceSymbol = "\xE2\x96\x81";
  Json steps = Json::array();
  if (add_space_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", kSpaceSymbol}});
  steps.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceSymbol}});
  Json decoders = Json::array();
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

void write_tokenizer_json(const BpeModel& model, const std::filesystem::path& path) {
  const bool byte_level = model.kind == BpeModel::Kind::kByteLevel;
  const auto spell = [&](TokenId id) {
    return byte_level && !model.special[id] ? bytes_to_stand_ins(model.tokens[id])
                                            : model.tokens[id];
  };
  Json added = Json::array();
  Json vocabulary = Json::object();
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
  Json merges = Json::array();
  for (const Merge& merge : model.merges)
    merges.push_back(spell(merge.left) + " " + spell(merge.right));
  const Json parts = byte_level ? byte_level_parts() : sentence_piece_parts(model.add_space_prefix);
  const Json root = {{"version", "1.0"},
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

void write_tokenizer_config(const std::filesystem::path& path, const TokenizerConfig& config) {
  const Json root = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                     {"bos_token", config.bos},
                     {"eos_token", config.eos},
                     {"pad_token", config.eos},
                     {"add_bos_token", false},
                     {"add_eos_token", false},
                     {"clean_up_tokenization_spaces", false},
                     {"model_max_length", config.context},
                     {"chat_template", config.chat_template}};
  write_file_atomically(path, to_text(root, 2) + "\n");
}

void write_generation_config(const std::filesystem::path& path, TokenId bos, TokenId eos,
                             double temperature, double top_p) {
  const Json root = {{"bos_token_id", bos},        {"eos_token_id", eos},
                     {"pad_token_id", eos},        {"do_sample", temperature > 0},
                     {"temperature", temperature}, {"top_p", top_p}};
  write_file_atomically(path, to_text(root, 2) + "\n");
}

}  // namespace parley::text
