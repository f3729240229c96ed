#include "nn/kernels/kernels.hpp"

#include <string>

#include "base/cpu.hpp"
#include "base/error.hpp"

namespace parley::nn {

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> all = {&scalar_kernels()};
#if defined(__x86_64__)
  if (cpu_features().avx2) all.push_back(&avx2_kernels());
  if (cpu_features().avx_vnni) {
    all.push_back(&avx_vnni_kernels());
  } else if (cpu_features().avx512_vnni) {
    all.push_back(&vnni256_kernels());
  }
  if (cpu_features().avx512) all.push_back(&avx512_kernels());
  if (cpu_features().avx512_vnni) all.push_back(&avx512_vnni_kernels());
#elif defined(__aarch64__)
  all.push_back(&neon_kernels());
  if (cpu_features().dot_product) all.push_back(&neon_dotprod_kernels());
#elif defined(__wasm__)
  all.push_back(&wasm_kernels());
#endif
  return all;
}

const Kernels& select_kernels(std::string_view isa) {
  const auto all = available_kernels();
  if (isa.empty()) return *all.back();
  std::string names;
  for (const Kernels* each : all) {
    if (isa == each->name) return *each;
    names += (names.empty() ? "" : ", ") + std::string(each->name);
  }
  fail(ErrorKind::kUsage, "this processor has no '" + std::string(isa) + "' kernels",
       "choose one of " + names + ", or leave it out for the best");
}

}  // namespace parley::nn
