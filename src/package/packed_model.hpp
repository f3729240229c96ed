// One file that is a whole model: packed weights with the tokenizer and the chat template.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "nn/model/model.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

// Packs the model at `model` (a folder or a .gguf file) into `out`, which must end in .parley and
// not exist, with the tokenizer's and the chat template's files from the model's folder. Returns
// PackedFile::address(). Errors: as Model::load and load_tokenizer; kUsage, kConflict for `out`.
std::string pack_model(const std::filesystem::path& model, const std::filesystem::path& out,
                       const nn::ModelOptions& options);

// The tokenizer of a model folder, a GGUF file or a packed model.
std::unique_ptr<text::Tokenizer> load_tokenizer_of(const std::filesystem::path& model);

// The files that a packed model carries, by name: "tokenizer.json", "chat_template.jinja", …
std::map<std::string, std::string> packed_model_files(const std::filesystem::path& model);

}  // namespace parley::engine
