#include "nn/weight_files.hpp"

#include "nn/safetensors.hpp"

namespace parley::nn {

WeightFiles open_weight_files(const std::filesystem::path& path) {
  return {read_model_config(path / "config.json"), open_safetensors(path)};
}

}  // namespace parley::nn
