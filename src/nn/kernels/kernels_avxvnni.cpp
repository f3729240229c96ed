// AVX-VNNI (VEX encoding): Alder Lake and later without AVX-512, Zen 5.
#include <immintrin.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

#define PARLEY_DPBUSD256 _mm256_dpbusd_avx_epi32

namespace parley::nn {
namespace {

#include "nn/kernels/kernels_vnni256.inl"

}  // namespace

const Kernels& avx_vnni_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("avx2-vnni");
  return table;
}

}  // namespace parley::nn
