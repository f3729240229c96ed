#include "base/cpu.hpp"
#include "train/fast/bf16/product.hpp"

namespace parley::train::bf16 {
namespace {

bool use_amx = cpu_features().amx_bf16 && request_amx();
bool amx_disabled = false;

}  // namespace

bool available() {
  return cpu_features().avx512_bf16;
}

void disable_amx(bool disable) {
  amx_disabled = disable;
}

const char* matmul_kernel() {
  return use_amx && !amx_disabled ? "AMX" : "AVX-512";
}

void begin_thread() {
  if (use_amx) configure_amx_tiles();
}

Block32 block32() {
  return use_amx && !amx_disabled ? block32_amx : block32_avx512;
}

}  // namespace parley::train::bf16
