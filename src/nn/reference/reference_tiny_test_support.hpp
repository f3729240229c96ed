// The shape of each family's tiny checkpoint.
#pragma once

#include <cstddef>

#include "base/json.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::test {

struct TinySizes {
  std::size_t vocabulary, width, layers, heads, kv_heads, head_dim, hidden;
  int positions;
};

TinySizes tiny_sizes(Family family);
// config.json as the family's class in transformers writes it.
Json tiny_config(Family family, const TinySizes& sizes, StoredAs dtype);

}  // namespace parley::test
