// What a template may take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::text::jinja {

// The defaults are far above what a real chat template needs and still end
// a hostile one within seconds. A step is a node of the template evaluated, an item passed over, or
// 64 bytes of text read.
struct Limits {
  std::size_t max_template_bytes = std::size_t{1} << 20;
  std::uint64_t max_steps = 20'000'000;
  std::size_t max_memory_bytes = std::size_t{256} << 20;
  std::size_t max_output_bytes = std::size_t{64} << 20;
  int max_depth = 1000;              // nested evaluations, macro calls included
  std::int64_t max_range = 100'000;  // items of range()
};

}  // namespace parley::text::jinja
