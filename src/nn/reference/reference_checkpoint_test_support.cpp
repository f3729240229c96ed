#include "nn/reference/reference_checkpoint_test_support.hpp"

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "base/error.hpp"

namespace parley::test {
namespace {

// Sign, exponent and fraction of a small float format, by arithmetic instead of bit patterns.
double decode(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const std::uint32_t fraction = bits & ((1u << fraction_bits) - 1);
  const int exponent = static_cast<int>(bits >> fraction_bits) & ((1 << exponent_bits) - 1);
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double sign = bits >> (exponent_bits + fraction_bits) & 1u ? -1.0 : 1.0;
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(1.0 + std::ldexp(fraction, -fraction_bits), exponent - bias);
}

double round_to_bits(double value, int significant_bits, int least_exponent) {
  if (value == 0) return 0;
  int exponent = 0;
  std::frexp(value, &exponent);
  const int unit = std::max(exponent - significant_bits, least_exponent);
  return std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
}

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(ErrorKind::kNotFound, path.string() + ": cannot be opened");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string plain_name(std::string name) {
  for (const std::string prefix : {"language_model.model.", "model.language_model."}) {
    if (name.rfind(prefix, 0) == 0) return "model." + name.substr(prefix.size());
  }
  if (name.rfind("transformer.", 0) == 0) return name.substr(12);
  return name;
}

}  // namespace

double nearest_bfloat16(double value) {
  return round_to_bits(value, 8, -133);
}
double nearest_float16(double value) {
  return round_to_bits(value, 11, -24);
}

Checkpoint::Checkpoint(const std::filesystem::path& folder) {
  config_ = Json::parse(slurp(folder / "config.json"));
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") read_file_of(entry.path());
  }
}

void Checkpoint::read_file_of(const std::filesystem::path& path) {
  const std::string file = slurp(path);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), 8);
  const Json header = Json::parse(file.substr(8, header_bytes));
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string dtype = entry["dtype"];
    const char* at = file.data() + 8 + header_bytes + entry["data_offsets"][0].get<std::size_t>();
    Tensor tensor;
    std::size_t count = 1;
    for (const Json& d : entry["shape"]) {
      tensor.shape.push_back(d.get<std::size_t>());
      count *= tensor.shape.back();
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (dtype == "F32") {
        float value;
        std::memcpy(&value, at + i * 4, 4);
        tensor.values.push_back(value);
      } else if (dtype == "F16" || dtype == "BF16") {
        std::uint16_t bits;
        std::memcpy(&bits, at + i * 2, 2);
        tensor.values.push_back(dtype == "F16" ? decode(bits, 5, 10) : decode(bits, 8, 7));
      }
    }
    if (tensor.values.size() == count) tensors_[plain_name(name)] = std::move(tensor);
  }
}

const Json& Checkpoint::text_config() const {
  return config_.contains("text_config") ? config_["text_config"] : config_;
}

const Tensor& Checkpoint::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end())
    fail(ErrorKind::kInvalidInput, "reference: tensor " + name + " is missing");
  return found->second;
}

}  // namespace parley::test
