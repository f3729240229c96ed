// Reading weights: how many values a second each tensor type gives as float32, rows of 4,096 on one
// thread.
//     dequantize_bench MILLIONS_OF_VALUES
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "base/clock.hpp"
#include "nn/files/tensor_view.hpp"

int main(int argc, char** argv) {
  using namespace parley;
  constexpr std::int64_t kColumns = 4096;
  const std::int64_t rows = (argc > 1 ? std::atoll(argv[1]) : 16) * 1'000'000 / kColumns;
  const Clock& clock = Clock::system();
  std::mt19937_64 random(1);
  std::vector<float> out(kColumns);
  for (int t = 0; t <= static_cast<int>(nn::DType::kIQ4_XS); ++t) {
    nn::TensorView view;
    view.dtype = static_cast<nn::DType>(t);
    view.shape = {rows, kColumns};
    const auto block = static_cast<std::size_t>(nn::dtype_block(view.dtype));
    std::vector<std::uint64_t> bytes(static_cast<std::size_t>(rows) * kColumns / block *
                                         nn::dtype_block_bytes(view.dtype) / 8 +
                                     1);
    for (auto& word : bytes) word = random();
    view.bytes = std::as_bytes(std::span(bytes));
    std::vector<double> rates;
    std::uint32_t check = 0;  // of what was read, so that no work is left out
    for (int round = 0; round < 5; ++round) {
      const double start = clock.monotonic_s();
      for (std::int64_t row = 0; row < rows; ++row) {
        view.read_row(row, out.data());
        check ^= std::bit_cast<std::uint32_t>(out[static_cast<std::size_t>(row % kColumns)]);
      }
      rates.push_back(static_cast<double>(rows * kColumns) / 1e6 / (clock.monotonic_s() - start));
    }
    std::sort(rates.begin(), rates.end());
    std::printf("{\"type\":\"%s\",\"million_values_per_s\":%.0f,\"check\":\"%08x\"}\n",
                nn::dtype_name(view.dtype), rates[2], check);
  }
}
