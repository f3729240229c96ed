// Values that find differences between kernels.
#pragma once

#include <cstring>
#include <random>
#include <vector>

namespace parley::test {

using Random = std::mt19937;

inline std::vector<float> random_floats(Random& random, std::size_t n, float spread = 3.0f) {
  std::vector<float> out(n);
  std::normal_distribution<float> normal(0, spread);
  for (float& x : out) x = normal(random);
  return out;
}

// Extremes among the ordinary: zeros of both signs, denormals, huge and tiny magnitudes.
inline void spoil(Random& random, std::vector<float>& x) {
  static const float kValues[] = {0.0f,   -0.0f,  1e-38f, -1e-41f, 1e20f,
                                  -3e15f, 1e-31f, 127.5f, 0.5f};
  for (std::size_t i = 0; i < x.size(); i += 1 + random() % 7)
    x[i] = kValues[random() % std::size(kValues)];
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace parley::test
