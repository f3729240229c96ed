#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/bfloat16.hpp"
#include "train/fast/kernels.hpp"
#include "train/fast/parallel.hpp"

namespace parley::train {
namespace isa_avx2 {
namespace {
#include "train/fast/kernels.inl"
}  // namespace
Kernels<Bf16> bf16_table() {
  return make_table<Bf16>();
}
Kernels<float> float_table() {
  return make_table<float>();
}
}  // namespace isa_avx2
}  // namespace parley::train
