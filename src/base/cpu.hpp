// What this machine offers a compute thread: instruction sets and usable processors.
#pragma once

#include <string>

namespace parley {

struct CpuFeatures {
  bool avx2 = false;         // AVX2 and F16C
  bool avx_vnni = false;     // vpdpbusd on 256 bits without AVX-512
  bool avx512 = false;       // AVX-512 F, BW, VL and DQ
  bool avx512_vnni = false;  // and VNNI
  bool avx512_bf16 = false;
  bool amx_bf16 = false;
  bool dot_product = false;  // sdot of ARMv8.2
};

const CpuFeatures& cpu_features();
std::string cpu_name();

// Processors this process may use: the affinity mask, cut to the cgroup's CPU quota (v1 and v2), at
// least 1.
int usable_cpus();

// Bytes of memory this process may use: the machine's, cut to the cgroup's limit.
unsigned long long usable_memory();

}  // namespace parley
