// Any bytes: parsing either gives a tree or an Error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "base/yaml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto root = parley::yaml::parse({reinterpret_cast<const char*>(data), size}, "fuzz",
                                          {.nodes = 100'000});
    parley::to_text(parley::yaml::to_json(root));
  } catch (const parley::Error&) {
  }
  return 0;
}
