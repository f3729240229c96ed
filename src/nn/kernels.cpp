#include "nn/kernels.hpp"

#include <string>

#include "base/cpu.hpp"
#include "base/error.hpp"

namespace parley::nn {

std::vector<const Kernels*> available_kernels() {
  std::vector<const Kernels*> all = {&scalar_kernels()};
#if defined(__x86_64__)
  if (cpu_features().avx2) all.push_back(&avx2_kernels());
  if (cpu_features().avx512_vnni) all.push_back(&avx512_kernels());
#endif
  return all;
}

const Kernels& select_kernels(std::string_view isa) {
  const auto all = available_kernels();
  if (isa.empty()) return *all.back();
  for (const Kernels* each : all) {
    const std::string_view name = each->name;
    if (name == isa || name.substr(0, name.find('-')) == isa) return *each;
  }
  fail(ErrorKind::kUsage, "this processor has no '" + std::string(isa) + "' kernels",
       "choose one of scalar, avx2, avx512, or leave it out for the best");
}

}  // namespace parley::nn
