#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "train/fast/bf16/product.hpp"

namespace parley::train::bf16 {

bool request_amx() {
  constexpr int kArchReqXcompPerm = 0x1023;  // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kArchReqXcompPerm, kTileData) == 0;
}

void configure_amx_tiles() {
  struct alignas(64) {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t column_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } config;
  _tile_loadconfig(&config);
}

// Four accumulator tiles (2 x 2) share two tiles of A and two of B a step: 4 loads for 4 products
// keeps the tile multiplier busy when the operands are in the L1 and L2 caches.
void block32_amx(const Lhs& a, const Rhs& b, int blocks, float* c, std::ptrdiff_t stride,
                 bool accumulate) {
  const auto c_bytes = static_cast<std::size_t>(stride) * 4;
  float* c1 = c + 16 * stride;
  if (accumulate) {
    _tile_loadd(0, c, c_bytes);
    _tile_loadd(1, c + 16, c_bytes);
    _tile_loadd(2, c1, c_bytes);
    _tile_loadd(3, c1 + 16, c_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  const auto a_bytes = static_cast<std::size_t>(a.row) * 2;
  const Bf16* a0 = a.data;
  const Bf16* a1 = a.data + a.half;
  const Bf16* b0 = b.data;
  const Bf16* b1 = b.data + b.panel;
  for (int i = 0; i < blocks; ++i) {
    _tile_loadd(4, a0, a_bytes);
    _tile_loadd(6, b0, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(5, a1, a_bytes);
    _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(7, b1, 64);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(3, 5, 7);
    a0 += a.step;
    a1 += a.step;
    b0 += b.step;
    b1 += b.step;
  }
  _tile_stored(0, c, c_bytes);
  _tile_stored(1, c + 16, c_bytes);
  _tile_stored(2, c1, c_bytes);
  _tile_stored(3, c1 + 16, c_bytes);
}

}  // namespace parley::train::bf16
