// A damaged or hostile file, or an index of shards, may be refused, never read out of bounds.
#include "base/error.hpp"
#include "nn/files/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::span<const std::byte> bytes{reinterpret_cast<const std::byte*>(data), size};
  try {
    for (const nn::TensorView& view : nn::parse_safetensors(bytes, "fuzz").tensors) {
      if (view.bytes.empty()) continue;
      std::vector<float> values(static_cast<std::size_t>(view.columns()));
      for (std::int64_t row = 0; row < view.rows(); ++row) view.read_row(row, values.data());
    }
  } catch (const Error&) {
  }
  try {
    for (const auto& [tensor, shard] :
         nn::parse_safetensors_index({reinterpret_cast<const char*>(data), size}, "fuzz")) {
      if (shard.find('/') != std::string::npos) __builtin_trap();
    }
  } catch (const Error&) {
  }
  return 0;
}
