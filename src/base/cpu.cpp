#include "base/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

namespace parley {
namespace {

CpuFeatures detect() {
  CpuFeatures found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  found.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("f16c");
  // __builtin_cpu_supports has no name for AVX-VNNI in every compiler: CPUID leaf 7.1, EAX bit 4.
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  found.avx_vnni = found.avx2 && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
  found.avx512 = found.avx2 && __builtin_cpu_supports("avx512f") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                 __builtin_cpu_supports("avx512dq");
  found.avx512_vnni = found.avx512 && __builtin_cpu_supports("avx512vnni");
  found.avx512_bf16 = found.avx512_vnni && __builtin_cpu_supports("avx512bf16");
  found.amx_bf16 = __builtin_cpu_supports("amx-bf16");
#elif defined(__aarch64__)
  found.dot_product = (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
  return found;
}

// "max 100000" or "150000 100000" (cgroup v2 cpu.max): quota over period.
double cgroup_cpus() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period && quota != "max" && period > 0) return std::stod(quota) / period;
  std::ifstream q("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream p("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota_us = 0;
  if (q >> quota_us && p >> period && quota_us > 0 && period > 0) return quota_us / period;
  return 1e9;
}

}  // namespace

const CpuFeatures& cpu_features() {
  static const CpuFeatures features = detect();
  return features;
}

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (line.rfind("model name", 0) == 0) {
      if (const auto colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
    }
  }
  return "unknown processor";
}

int usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  count = std::min<double>(count, std::ceil(cgroup_cpus()));
  return std::max(count, 1);
}

unsigned long long usable_memory() {
  unsigned long long total = static_cast<unsigned long long>(::sysconf(_SC_PHYS_PAGES)) *
                             static_cast<unsigned long long>(::sysconf(_SC_PAGESIZE));
  std::ifstream v2("/sys/fs/cgroup/memory.max");
  unsigned long long limit = 0;
  if (v2 >> limit) total = std::min(total, limit);
  return total;
}

}  // namespace parley
