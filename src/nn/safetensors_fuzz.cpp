// A damaged or hostile file may be refused, never read out of bounds.
#include "base/error.hpp"
#include "nn/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  try {
    const nn::SafetensorsReader reader({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
    for (const nn::TensorView& view : reader.tensors()) {
      std::vector<float> values(static_cast<std::size_t>(view.elements()));
      view.read(0, view.elements(), values.data());
    }
  } catch (const Error&) {
  }
  return 0;
}
