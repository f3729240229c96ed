#include "nn/files/tensor_view.hpp"

#include "nn/files/dequantize.hpp"

namespace parley::nn {
namespace {

// Where index `i` of the reader lies in a file that keeps the two halves of each head interleaved.
std::int64_t interleaved(std::int64_t i, std::int64_t count, int heads) {
  const std::int64_t head_dim = count / heads, half = head_dim / 2;
  const std::int64_t head = i / head_dim, at = i % head_dim;
  return head * head_dim + (at < half ? 2 * at : 2 * (at - half) + 1);
}

}  // namespace

std::int64_t TensorView::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t d : shape) count *= d;
  return count;
}

std::int64_t TensorView::columns() const {
  return shape.empty() ? 1 : shape.back();
}

std::int64_t TensorView::rows() const {
  std::int64_t count = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) count *= shape[i];
  return count;
}

void TensorView::read_row(std::int64_t row, float* out) const {
  const std::int64_t width = columns(), height = rows();
  const std::size_t block_bytes = dtype_block_bytes(dtype);
  if (transposed) {
    for (std::int64_t i = 0; i < width; ++i) {
      const auto at = static_cast<std::size_t>(i * height + row);
      dequantize(dtype, bytes.data() + at * block_bytes, 1, out + i);
    }
    return;
  }
  if (interleaved_heads > 0 && height > 1) row = interleaved(row, height, interleaved_heads);
  const std::int64_t blocks = width / dtype_block(dtype);
  const std::byte* from = bytes.data() + static_cast<std::size_t>(row * blocks) * block_bytes;
  if (interleaved_heads > 0 && height == 1) {
    std::vector<float> as_stored(static_cast<std::size_t>(width));
    dequantize(dtype, from, blocks, as_stored.data());
    for (std::int64_t i = 0; i < width; ++i)
      out[i] = as_stored[static_cast<std::size_t>(interleaved(i, width, interleaved_heads))];
    return;
  }
  dequantize(dtype, from, blocks, out);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace parley::nn
