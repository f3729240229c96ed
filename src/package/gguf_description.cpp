// A GGUF file's metadata as a model's description.
#include <utility>

#include "base/error.hpp"
#include "package/description.hpp"
#include "tokenizer/vocabulary_table.hpp"

namespace parley::package {
namespace {

constexpr const char* kTemplate = "tokenizer.chat_template";  // others: ….NAME

std::string vocabulary_key(const char* field) {
  return std::string("tokenizer.ggml.") + field;
}

class GgufDescription : public Description {
 public:
  explicit GgufDescription(std::shared_ptr<const nn::GgufFile> file) : file_(std::move(file)) {}

  std::vector<text::TokenId> ends(const nn::ModelConfig& config) const override {
    return config.eos_all;
  }

  std::unique_ptr<text::Tokenizer> tokenizer(std::vector<text::TokenId> ends) const override {
    text::TokenizerHints hints;
    for (const auto& each : templates()) hints.written += each.text + "\n";
    hints.ends = std::move(ends);
    return text::tokenizer_from_table(vocabulary(), file_->where(), hints);
  }

  std::unique_ptr<text::ChatTemplate> chat_template() const override {
    const auto sources = templates();
    if (sources.empty()) return nullptr;
    Json special = Json::object();
    const auto pieces = file_->texts(vocabulary_key("tokens"));
    for (const auto& [key, name] : {std::pair{"bos_token_id", "bos_token"},
                                    {"eos_token_id", "eos_token"},
                                    {"unknown_token_id", "unk_token"},
                                    {"padding_token_id", "pad_token"}}) {
      const auto id = file_->integer(vocabulary_key(key));
      if (id && pieces && *id >= 0 && *id < static_cast<std::int64_t>(pieces->size()))
        special[name] = std::string((*pieces)[static_cast<std::size_t>(*id)]);
    }
    return std::make_unique<text::ChatTemplate>(sources, std::move(special));
  }

  nn::Pooling pooling() const override {
    const auto type = file_->integer(file_->architecture() + ".pooling_type");
    // 1 mean, 2 first, 3 last; 0 (none) and 4 (a ranking head) say nothing.
    return type == 2 ? nn::Pooling::kFirst : type == 3 ? nn::Pooling::kLast : nn::Pooling::kMean;
  }

  std::string manifest_address() const override { return {}; }

  std::map<std::string, std::string> files() const override {
    return {{kMetadataFile, file_->without_tensors()}};
  }

 private:
  std::vector<text::ChatTemplate::Source> templates() const {
    std::vector<text::ChatTemplate::Source> out;
    const std::string prefix = std::string(kTemplate) + ".";
    for (const std::string& key : file_->keys()) {
      const bool named = key.starts_with(prefix);
      if (!named && key != kTemplate) continue;
      out.push_back({named ? key.substr(prefix.size()) : "default", file_->text(key).value_or(""),
                     key, file_->where() + ": "});
    }
    return out;
  }

  text::VocabularyTable vocabulary() const {
    text::VocabularyTable table;
    const auto model = file_->text(vocabulary_key("model"));
    const auto tokens = file_->texts(vocabulary_key("tokens"));
    if (!model || !tokens) {
      fail(ErrorKind::kInvalidInput,
           file_->where() + ": " + vocabulary_key(model ? "tokens" : "model") + " is missing",
           "the file holds no tokenizer; convert the model again, with its vocabulary");
    }
    table.model = *model;
    table.pre = file_->text(vocabulary_key("pre")).value_or("");
    table.tokens.assign(tokens->begin(), tokens->end());
    if (const auto scores = file_->numbers(vocabulary_key("scores"))) {
      for (const double score : *scores) table.scores.push_back(static_cast<float>(score));
    }
    if (const auto types = file_->integers(vocabulary_key("token_type"))) {
      for (const std::int64_t type : *types) table.types.push_back(static_cast<std::int32_t>(type));
    }
    if (const auto merges = file_->texts(vocabulary_key("merges")))
      table.merges.assign(merges->begin(), merges->end());
    const auto token = [&](const char* key) {
      const auto id = file_->integer(vocabulary_key(key));
      if (!id) return text::TokenId{-1};
      if (*id < 0 || *id >= static_cast<std::int64_t>(table.tokens.size())) {
        fail(ErrorKind::kInvalidInput,
             file_->where() + ": " + vocabulary_key(key) + " is " + std::to_string(*id) +
                 ", past the " + std::to_string(table.tokens.size()) + " tokens",
             "the file is damaged");
      }
      return static_cast<text::TokenId>(*id);
    };
    table.bos = token("bos_token_id");
    table.eos = token("eos_token_id");
    table.unknown = token("unknown_token_id");
    table.pad = token("padding_token_id");
    table.end_of_turn = token("eot_token_id");
    table.add_bos = file_->flag(vocabulary_key("add_bos_token"));
    table.add_eos = file_->flag(vocabulary_key("add_eos_token"));
    table.add_space_prefix = file_->flag(vocabulary_key("add_space_prefix"));
    table.remove_extra_whitespaces = file_->flag(vocabulary_key("remove_extra_whitespaces"));
    return table;
  }

  std::shared_ptr<const nn::GgufFile> file_;
};

}  // namespace

std::unique_ptr<Description> describe(std::shared_ptr<const nn::GgufFile> file) {
  return std::make_unique<GgufDescription>(std::move(file));
}

}  // namespace parley::package
