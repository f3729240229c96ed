#include "nn/kernels/pack_tile.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include "base/cpu.hpp"
#include "nn/kernels/exact_math.hpp"

namespace parley::nn {
namespace {
#include "nn/kernels/pack_tile.inl"
}  // namespace

TilePackers baseline_tile_packers() {
  return {pack_tile8, pack_tile4};
}

TilePackers tile_packers() {
#if defined(__x86_64__)
  if (cpu_features().avx2) return avx2_tile_packers();
#endif
  return baseline_tile_packers();
}

}  // namespace parley::nn
