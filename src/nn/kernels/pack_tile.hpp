// The quantiser behind PackedLinear::pack, for one tile of kTile outputs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::nn {

// `values` is [kTile][k], k a multiple of the group; outputs that are not there are zeros. Writes
// the tile's codes and bfloat16 scales in the layout of packed_linear.hpp. REQUIRES: values are
// finite.
using PackTile = void (*)(const float* values, std::size_t k, std::uint8_t* codes,
                          std::uint16_t* scales);

struct TilePackers {
  PackTile int8, int4;
};
// For this processor; every set gives the same bytes.
TilePackers tile_packers();
TilePackers baseline_tile_packers();
#if defined(__x86_64__)
TilePackers avx2_tile_packers();
#endif

}  // namespace parley::nn
