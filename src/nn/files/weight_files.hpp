// A checkpoint on disk: what it says about the model, and its tensors.
#pragma once

#include <filesystem>
#include <memory>

#include "nn/files/weight_source.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {

struct WeightFiles {
  ModelConfig config;
  std::unique_ptr<WeightSource> source;
};

// A Hugging Face folder (config.json with safetensors), a .gguf file, or a folder with one .gguf
// file. Errors: kNotFound naming what was looked for, kInvalidInput as the parts give it.
WeightFiles open_weight_files(const std::filesystem::path& path);

// A file in the format of packed_file.hpp, by its extension .parley.
bool is_packed_file(const std::filesystem::path& path);

// The .gguf file that `path` means, or empty when it means a Hugging Face folder.
std::filesystem::path find_gguf(const std::filesystem::path& path);

}  // namespace parley::nn
