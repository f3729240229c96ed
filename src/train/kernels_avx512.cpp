#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "train/kernels.hpp"
#include "train/parallel.hpp"

namespace parley::train {
namespace isa_avx512 {
namespace {
#include "train/kernels.inl"
}  // namespace
Kernels<Bf16> bf16_table() {
  return make_table<Bf16>();
}
Kernels<float> float_table() {
  return make_table<float>();
}
}  // namespace isa_avx512
}  // namespace parley::train
