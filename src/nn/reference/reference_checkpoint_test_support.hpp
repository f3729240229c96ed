// The references' own view of a Hugging Face folder: config.json and every tensor of every
// safetensors file as float64.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace parley::test {

struct Tensor {
  std::vector<std::size_t> shape;
  std::vector<double> values;  // row by row
  std::size_t columns() const { return shape.back(); }
  std::size_t rows() const { return values.size() / shape.back(); }
};

class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& folder);

  const Json& config() const { return config_; }
  // The language model's part: config.json's text_config, or all of it.
  const Json& text_config() const;
  // By the name that the plain Llama or GPT-2 class would use: a prefix that a class around the
  // language model adds is taken off.
  const Tensor& tensor(const std::string& name) const;
  bool has(const std::string& name) const { return tensors_.count(name) != 0; }
  const std::map<std::string, Tensor>& tensors() const { return tensors_; }

 private:
  void read_file_of(const std::filesystem::path& path);
  Json config_;
  std::map<std::string, Tensor> tensors_;
};

// The nearest values of the 16-bit formats, ties to even.
double nearest_bfloat16(double value);
double nearest_float16(double value);

}  // namespace parley::test
