#include "package/model_package.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "nn/files/gguf_config.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/weight_files.hpp"
#include "nn/files/weights_hash.hpp"
#include "package/description.hpp"

namespace parley::package {
namespace fs = std::filesystem;

struct ModelPackage::Parts {
  std::unique_ptr<Description> description;
  std::once_flag tokenizer_read, template_read;
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::shared_ptr<const text::ChatTemplate> chat_template;
  std::mutex mutex;          // of `weights_hash`
  std::string weights_hash;  // empty until somebody knows it
};

namespace {

// The files that a packed one carries; they stay in its map.
NamedFiles carried_files(const nn::PackedFile& packed, std::shared_ptr<const void> owner,
                         const fs::path& path) {
  std::map<std::string, std::string_view> files;
  for (const auto& [name, section] : packed.files())
    files[name] = {reinterpret_cast<const char*>(section.bytes.data()), section.bytes.size()};
  return {std::move(files), std::move(owner), path.string()};
}

// The tokenizer makes no id that the model lacks, and has all that end a reply.
void check_fits(const text::Tokenizer& tokenizer, const std::vector<text::TokenId>& ends,
                int vocabulary, const std::string& where) {
  const int size = tokenizer.vocabulary_size();
  if (size > vocabulary) {
    fail(ErrorKind::kInvalidInput,
         where + ": the tokenizer has " + std::to_string(size) + " tokens, the last of them \"" +
             std::string(tokenizer.piece(size - 1)) + "\", the model's vocabulary " +
             std::to_string(vocabulary),
         "the two belong to different models");
  }
  for (const text::TokenId id : ends) {
    if (!tokenizer.piece(id).empty()) continue;
    fail(ErrorKind::kInvalidInput,
         where + ": a reply ends with token " + std::to_string(id) + ", which the tokenizer of " +
             std::to_string(size) + " tokens lacks",
         "look for added_tokens.json, or added_tokens_decoder in tokenizer_config.json, where the "
         "model came from; else correct eos_token_id");
  }
}

}  // namespace

bool is_model(const fs::path& path) {
  if (fs::is_directory(path))
    return fs::exists(path / "config.json") || !nn::find_gguf(path).empty();
  return !nn::find_gguf(path).empty() || nn::is_packed_file(path);
}

std::string model_name(const fs::path& path) {
  return (fs::is_directory(path) ? path.filename() : path.stem()).string();
}

ModelPackage::ModelPackage(const fs::path& path)
    : path_(path),
      name_(model_name(fs::weakly_canonical(path))),
      packed_(nn::is_packed_file(path)),
      parts_(std::make_unique<Parts>()) {
  if (packed_) {
    const auto map = std::make_shared<const MappedFile>(path);
    const nn::PackedFile file(map->bytes(), map, path.string());
    config_ = file.config();
    parts_->weights_hash = file.source();
    parts_->description = describe(carried_files(file, map, path));
  } else if (const fs::path gguf = nn::find_gguf(path); !gguf.empty()) {
    const auto file = std::make_shared<const nn::GgufFile>(gguf);
    config_ = nn::gguf_model_config(*file);
    parts_->description = describe(file);
  } else {
    config_ = nn::open_weight_files(path).config;
    parts_->description = describe(NamedFiles(path));
  }
}

ModelPackage::ModelPackage(ModelPackage&&) noexcept = default;
ModelPackage& ModelPackage::operator=(ModelPackage&&) noexcept = default;
ModelPackage::~ModelPackage() = default;

std::shared_ptr<const text::Tokenizer> ModelPackage::tokenizer() const {
  std::call_once(parts_->tokenizer_read, [this] {
    const auto ends = parts_->description->ends(config_);
    auto tokenizer = parts_->description->tokenizer(ends);
    check_fits(*tokenizer, ends, config_.vocabulary, path_.string());
    parts_->tokenizer = std::move(tokenizer);
  });
  return parts_->tokenizer;
}

std::shared_ptr<const text::ChatTemplate> ModelPackage::chat_template() const {
  std::call_once(parts_->template_read,
                 [this] { parts_->chat_template = parts_->description->chat_template(); });
  return parts_->chat_template;
}

std::vector<text::TokenId> ModelPackage::end_tokens() const {
  std::vector<text::TokenId> ends = parts_->description->ends(config_);
  const text::TokenId end = tokenizer()->eos();
  if (end >= 0 && std::ranges::find(ends, end) == ends.end()) ends.push_back(end);
  return ends;
}

nn::Pooling ModelPackage::pooling() const {
  return parts_->description->pooling();
}

std::string ModelPackage::address() const {
  if (std::string manifest = parts_->description->manifest_address(); !manifest.empty())
    return manifest;
  const std::lock_guard lock(parts_->mutex);
  std::string& hash = parts_->weights_hash;
  if (hash.empty()) hash = nn::weights_hash(nn::weight_file_list(path_), 0);
  return hash;
}

std::unique_ptr<nn::Model> ModelPackage::load_weights(const nn::ModelOptions& options) const {
  auto model = nn::Model::load(path_, options);
  const std::lock_guard lock(parts_->mutex);
  if (!model->source_hash().empty()) parts_->weights_hash = model->source_hash();
  return model;
}

std::map<std::string, std::string> ModelPackage::described_files() const {
  return parts_->description->files();
}

}  // namespace parley::package
