// The one answer to 'what is this model': a Hugging Face folder, a GGUF file (or a folder with
// one), or a packed .parley file. Whoever needs a part of a model asks here. The same model gives
// the same answers in each of the three.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nn/model/model.hpp"
#include "nn/model/model_config.hpp"
#include "nn/model/pooling.hpp"
#include "prompt/chat_template.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::package {

// Whether `path` looks like one of the three.
bool is_model(const std::filesystem::path& path);
// What to call the model there: the folder's name, or the file's without its extension.
std::string model_name(const std::filesystem::path& path);

// Thread-safe. What takes time is read when it is first asked for, and once.
class ModelPackage {
 public:
  // Reads the configuration, and that the weights are there. Errors: kNotFound naming what was
  // looked for, kInvalidInput "PATH: FIELD …" with what was found and what is supported.
  explicit ModelPackage(const std::filesystem::path& path);
  ModelPackage(ModelPackage&&) noexcept;
  ModelPackage& operator=(ModelPackage&&) noexcept;
  ~ModelPackage();

  const std::filesystem::path& path() const { return path_; }  // as it was given
  const std::string& name() const { return name_; }            // model_name(), links followed
  const nn::ModelConfig& config() const { return config_; }
  bool is_packed() const { return packed_; }

  // Errors: kNotFound where the model has none, kInvalidInput, also for one that has more tokens
  // than the model, or lacks one that ends a reply.
  std::shared_ptr<const text::Tokenizer> tokenizer() const;
  // Null where the model has none. Errors: kInvalidInput.
  std::shared_ptr<const text::ChatTemplate> chat_template() const;
  // The ids that end a reply: those that config.json and generation_config.json, or a GGUF file,
  // name; else the tokenizer's end of a text. Errors: as tokenizer().
  std::vector<text::TokenId> end_tokens() const;
  // How it makes embeddings, as its makers say; else the mean. Errors: kInvalidInput.
  nn::Pooling pooling() const;
  // The content address: its manifest's where there is one, else nn::weights_hash(), which takes
  // time where load_weights() has not come by it. Errors: kInvalidInput, kIo.
  std::string address() const;

  // The weights, ready to run. Errors: as nn::Model::load.
  std::unique_ptr<nn::Model> load_weights(const nn::ModelOptions& options) const;

  // What a packed file of this model must carry beside the weights, by name.
  std::map<std::string, std::string> described_files() const;

 private:
  struct Parts;
  std::filesystem::path path_;
  std::string name_;
  nn::ModelConfig config_;
  bool packed_ = false;
  std::unique_ptr<Parts> parts_;
};

}  // namespace parley::package
