// What a model says of itself beside its weights: in the small files of a Hugging Face folder, or
// in a GGUF file's metadata. A packed file carries either.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/named_files.hpp"
#include "nn/files/gguf.hpp"
#include "nn/model/model_config.hpp"
#include "nn/model/pooling.hpp"
#include "prompt/chat_template.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::package {

// Thread-safe. Errors: kInvalidInput naming the file and the field.
class Description {
 public:
  virtual ~Description() = default;

  // The ids that end a reply, wherever they are named.
  virtual std::vector<text::TokenId> ends(const nn::ModelConfig& config) const = 0;
  // `ends` become guarded tokens. Errors also: kNotFound where there is none.
  virtual std::unique_ptr<text::Tokenizer> tokenizer(std::vector<text::TokenId> ends) const = 0;
  virtual std::unique_ptr<text::ChatTemplate> chat_template() const = 0;  // null: none
  // Of embeddings; the mean where nothing is said.
  virtual nn::Pooling pooling() const = 0;
  // The address of the model's manifest; empty where there is none.
  virtual std::string manifest_address() const = 0;
  // All this, as files that describe() reads again.
  virtual std::map<std::string, std::string> files() const = 0;
};

std::unique_ptr<Description> describe(std::shared_ptr<const nn::GgufFile> file);
// Of a Hugging Face folder, or what files() gave.
std::unique_ptr<Description> describe(NamedFiles files);

// The name under which files() carries a GGUF file's metadata.
inline constexpr const char* kMetadataFile = "metadata.gguf";

}  // namespace parley::package
