#include "train/fast/kernels.hpp"

#include "base/cpu.hpp"

namespace parley::train {

namespace isa_generic {
Kernels<Bf16> bf16_table();
Kernels<float> float_table();
}  // namespace isa_generic
namespace isa_avx2 {
Kernels<Bf16> bf16_table();
Kernels<float> float_table();
}  // namespace isa_avx2
namespace isa_avx512 {
Kernels<Bf16> bf16_table();
Kernels<float> float_table();
}  // namespace isa_avx512

namespace {
int threads_in_use = 1;
}

void set_kernel_threads(int threads) {
  threads_in_use = threads < 1 ? 1 : threads;
}
int kernel_threads() {
  return threads_in_use;
}

template <>
const Kernels<Bf16>& kernels<Bf16>() {
  static const Kernels<Bf16> table = cpu_features().avx512_vnni ? isa_avx512::bf16_table()
                                     : cpu_features().avx2      ? isa_avx2::bf16_table()
                                                                : isa_generic::bf16_table();
  return table;
}

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> table = cpu_features().avx512_vnni ? isa_avx512::float_table()
                                      : cpu_features().avx2      ? isa_avx2::float_table()
                                                                 : isa_generic::float_table();
  return table;
}

}  // namespace parley::train
