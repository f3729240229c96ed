// The same 256-bit kernels in AVX-512VL's encoding, for processors that have only that: it lets
// the 256-bit arithmetic be chosen, and tested, there too.
#include <immintrin.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

#define PARLEY_DPBUSD256 _mm256_dpbusd_epi32

namespace parley::nn {
namespace {

#include "nn/kernels/kernels_vnni256.inl"

}  // namespace

const Kernels& vnni256_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("avx2-vnni");
  return table;
}

}  // namespace parley::nn
