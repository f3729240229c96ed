// The files of a Hugging Face folder as a model's description.
#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "package/description.hpp"

namespace parley::package {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kGenerationConfig = "generation_config.json";
constexpr const char* kManifest = "manifest.json";
constexpr const char* kPooling = "1_Pooling/config.json";  // of sentence-transformers

// What is read of a folder, beside its weights: by the tokenizer, the chat template and here.
constexpr const char* kDescribing[] = {kConfig,
                                       kGenerationConfig,
                                       kManifest,
                                       kPooling,
                                       "tokenizer.json",
                                       "tokenizer.model",
                                       "tokenizer_config.json",
                                       "special_tokens_map.json",
                                       "added_tokens.json",
                                       "chat_template.jinja",
                                       "chat_template.json"};
struct Group {
  const char *folder, *suffix;
};
constexpr Group kDescribingGroups[] = {
    {"", ".tiktoken"}, {"", ".tiktoken.json"}, {"additional_chat_templates", ".jinja"}};

// One id or a list of them; null and -1 name none. Errors: kInvalidInput "WHERE: eos_token_id …".
void add_ends(const Json& config, const std::string& where, int vocabulary,
              std::vector<text::TokenId>& ends) {
  const Json said = config.value("eos_token_id", Json());
  for (const Json& id : said.is_array() ? said : Json::array({said})) {
    if (id.is_null() || id == -1) continue;
    if (!id.is_number_integer() || id < 0 || id >= vocabulary) {
      fail(ErrorKind::kInvalidInput,
           where + ": eos_token_id is " + to_text(id).substr(0, 60) +
               ", no token of the model's vocabulary of " + std::to_string(vocabulary),
           "correct it: it says where a reply ends");
    }
    const auto token = id.get<text::TokenId>();
    if (std::ranges::find(ends, token) == ends.end()) ends.push_back(token);
  }
}

class FilesDescription : public Description {
 public:
  explicit FilesDescription(NamedFiles files) : files_(std::move(files)) {}

  std::vector<text::TokenId> ends(const nn::ModelConfig& config) const override {
    std::vector<text::TokenId> out = config.eos_all;
    for (const char* name : {kConfig, kGenerationConfig}) {
      const Json root = files_.read_object(name);
      const std::string where = files_.path_of(name);
      add_ends(root, where, config.vocabulary, out);
      const Json text_model = root.value("text_config", Json());  // of one that also sees or hears
      if (text_model.is_object())
        add_ends(text_model, where + ": text_config", config.vocabulary, out);
    }
    return out;
  }

  std::unique_ptr<text::Tokenizer> tokenizer(std::vector<text::TokenId> ends) const override {
    text::TokenizerHints hints;
    hints.written = text::ChatTemplate::all_sources(files_);
    hints.ends = std::move(ends);
    return text::load_tokenizer(files_, std::move(hints));
  }

  std::unique_ptr<text::ChatTemplate> chat_template() const override {
    if (!text::ChatTemplate::exists(files_)) return nullptr;
    return std::make_unique<text::ChatTemplate>(text::ChatTemplate::load(files_));
  }

  nn::Pooling pooling() const override {
    if (!files_.has(kPooling)) return nn::Pooling::kMean;
    const Json said = files_.read_object(kPooling);
    const auto on = [&](const char* key) { return said.value(key, Json()) == Json(true); };
    if (on("pooling_mode_lasttoken")) return nn::Pooling::kLast;
    if (on("pooling_mode_cls_token")) return nn::Pooling::kFirst;
    if (on("pooling_mode_mean_tokens")) return nn::Pooling::kMean;
    fail(ErrorKind::kInvalidInput, files_.path_of(kPooling) + ": its pooling is not supported",
         "supported: pooling_mode_mean_tokens, pooling_mode_lasttoken, pooling_mode_cls_token");
  }

  std::string manifest_address() const override {
    const auto text = files_.read(kManifest);
    return text ? Manifest::parse(*text, files_.path_of(kManifest)).address() : std::string();
  }

  std::map<std::string, std::string> files() const override {
    std::map<std::string, std::string> out;
    const auto add = [&](const std::string& name) {
      if (auto text = files_.read(name)) out[name] = std::move(*text);
    };
    for (const char* name : kDescribing) add(name);
    for (const auto& [folder, suffix] : kDescribingGroups) {
      for (const std::string& name : files_.list(folder, suffix)) add(name);
    }
    return out;
  }

 private:
  NamedFiles files_;
};

// Metadata that another file carries.
struct CarriedGguf {
  std::string bytes;
  nn::GgufFile file;
  CarriedGguf(std::string text, const std::string& where)
      : bytes(std::move(text)), file(std::as_bytes(std::span<const char>(bytes)), where) {}
};

}  // namespace

std::unique_ptr<Description> describe(NamedFiles files) {
  if (auto metadata = files.read(kMetadataFile)) {
    const auto carried =
        std::make_shared<const CarriedGguf>(std::move(*metadata), files.path_of(kMetadataFile));
    return describe(std::shared_ptr<const nn::GgufFile>(carried, &carried->file));
  }
  return std::make_unique<FilesDescription>(std::move(files));
}

}  // namespace parley::package
