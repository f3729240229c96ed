// The quantiser compiled for 256 bits.
#include <bit>
#include <cstring>
#include <limits>

#include "nn/kernels/exact_math.hpp"
#include "nn/kernels/pack_tile.hpp"

namespace parley::nn {
namespace {
#include "nn/kernels/pack_tile.inl"
}  // namespace

TilePackers avx2_tile_packers() {
  return {pack_tile8, pack_tile4};
}

}  // namespace parley::nn
