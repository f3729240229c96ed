// A damaged or hostile GGUF file may be refused, never read out of bounds, and its metadata may not
// hang or crash whoever asks for it.
#include "base/error.hpp"
#include "nn/files/gguf.hpp"
#include "nn/files/gguf_config.hpp"

namespace {

using namespace parley;

template <typename F>
void refusing(F f) {
  try {
    f();
  } catch (const Error&) {
  }
}

void read_all(const nn::WeightSource& weights) {
  std::vector<float> values;
  for (const nn::TensorView& view : weights.tensors()) {
    values.resize(static_cast<std::size_t>(view.columns()));
    for (std::int64_t row = 0; row < view.rows(); ++row) view.read_row(row, values.data());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  refusing([&] {
    const std::span<const std::byte> bytes{reinterpret_cast<const std::byte*>(data), size};
    const auto file = std::make_shared<const nn::GgufFile>(bytes, "fuzz");
    for (const std::string& key : file->keys()) {
      refusing([&] { file->integer(key); });
      refusing([&] { file->number(key); });
      refusing([&] { file->flag(key); });
      refusing([&] { file->text(key); });
      refusing([&] { file->texts(key); });
      refusing([&] { file->integers(key); });
      refusing([&] { file->numbers(key); });
    }
    refusing([&] { nn::gguf_model_config(*file); });
    refusing([&] { read_all(*nn::gguf_weights(file)); });
  });
  return 0;
}
