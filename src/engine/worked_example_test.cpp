// The worked example at the end of docs/arithmetic.md, recomputed on every instruction set this
// machine has: each row of its table must come out as written there.
#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "base/bfloat16.hpp"
#include "base/file.hpp"
#include "engine/random.hpp"
#include "engine/sampler.hpp"
#include "nn/kernels/aligned.hpp"
#include "nn/kernels/kernels.hpp"
#include "nn/kernels/packed_linear.hpp"
#include "nn/model/rope.hpp"

namespace parley {
namespace worked_example_test {

using Table = std::vector<std::string>;

std::string hex(float value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", std::bit_cast<std::uint32_t>(value));
  return text;
}
std::string hex(std::uint32_t value) {
  return hex(std::bit_cast<float>(value));
}

void row(Table& table, const std::string& what, const std::string& value) {
  table.push_back("| " + what + " | " + value + " |");
}

// x[k] = ((37k + 11) mod 64 − 32) / 16 and w[k] = ((29k + 5) mod 64 − 31) / 64.
float example_x(int k) {
  return static_cast<float>((37 * k + 11) % 64 - 32) / 16.0f;
}
float example_w(int k) {
  return static_cast<float>((29 * k + 5) % 64 - 31) / 64.0f;
}

void scalars(Table& table) {
  row(table, "exp(1)", hex(nn::exact_exp(1.0f)));
  row(table, "exp(-0.5)", hex(nn::exact_exp(-0.5f)));
  row(table, "silu(1.5)", hex(nn::exact_silu(1.5f)));
  nn::ModelConfig config;
  config.head_dim = 64;
  const nn::Rope rope = nn::make_rope(config, false, 2048);
  std::vector<float> cosines(32), sines(32);
  rope.turn(1000, cosines.data(), sines.data());
  const float frequency = rope.frequency[3], cosine = cosines[3], sine = sines[3];
  row(table, "frequency(10000, pair 3, head_dim 64)", hex(frequency));
  row(table, "cos(position 1000)", hex(cosine));
  row(table, "sin(position 1000)", hex(sine));
}

void linear(Table& table, const nn::Kernels& kernels) {
  constexpr int kWide = 100;  // two groups, the second padded
  nn::AlignedArray<std::int8_t> q(128);
  nn::AlignedArray<float> x(kWide), scale(2), y(nn::kTile);
  nn::AlignedArray<std::int32_t> sum(2);
  for (int k = 0; k < kWide; ++k) x[k] = example_x(k);
  kernels.quantize(x.data(), kWide, nn::kGroup8, q.data(), scale.data(), sum.data());
  std::string first;
  for (int k = 0; k < 6; ++k) first += (k ? ", " : "") + std::to_string(q[k]);
  row(table, "q[0] … q[5]", first);
  row(table, "x scale of group 0", hex(scale[0]));
  row(table, "x scale of group 1", hex(scale[1]));
  const auto packed = nn::PackedLinear::pack(
      nn::Precision::kInt8, 1, kWide,
      [](int, float* out) {
        for (int k = 0; k < kWide; ++k) out[k] = example_w(k);
      },
      1);
  row(table, "w scale of group 0", hex(bf16_value(packed.scale()[0])));
  row(table, "w scale of group 1", hex(bf16_value(packed.scale()[nn::kTile])));
  for (int g = 0; g < 2; ++g) {
    std::int32_t dot = 0;
    for (int k = 64 * g; k < 64 * (g + 1); ++k) {
      dot += q[k] * (packed.w()[k / 4 * nn::kTile * 4 + k % 4] - 128);
    }
    row(table, "integer sum of group " + std::to_string(g), std::to_string(dot));
  }
  kernels.linear({q.data(), scale.data(), sum.data(), 1, packed.k_padded(), 8, nn::kGroup8,
                  packed.w(), packed.scale(), 0, nn::kTile, y.data(), nn::kTile});
  row(table, "y of the linear layer", hex(y[0]));

  std::vector<float> weight(kWide), normed(kWide);
  for (int k = 0; k < kWide; ++k) weight[k] = example_w(k);
  kernels.rms_norm(x.data(), weight.data(), kWide, 1e-5f, normed.data());
  row(table, "RMSNorm y[0]", hex(normed[0]));
  row(table, "RMSNorm y[99]", hex(normed[99]));
}

void attention(Table& table, const nn::Kernels& kernels) {
  constexpr int kDim = 16, kLength = 20;
  const nn::KvLayout layout{nn::kTile};
  nn::AlignedArray<std::byte> block(layout.bytes());
  std::vector<float> query(kDim), key(kDim), value(kDim), out(kDim), scores(nn::kKvBlock);
  for (int p = 0; p < kLength; ++p) {
    for (int d = 0; d < kDim; ++d) {
      key[d] = example_w(kDim * p + d);
      value[d] = example_x(kDim * p + d);
    }
    kernels.store_key(key.data(), kDim, layout, p, block.data());
    kernels.store_value(value.data(), kDim, layout, p, block.data());
  }
  for (int d = 0; d < kDim; ++d) query[d] = example_x(d) * 0.25f;
  nn::AlignedArray<std::int8_t> q(nn::kTile), codes(2 * nn::kKvBlock);
  float q_scale = 0, code_scale = 0, inverse = 0;
  std::int32_t q_sum = 0, code_sum = 0;
  kernels.quantize(query.data(), kDim, nn::kGroup4, q.data(), &q_scale, &q_sum);
  const std::byte* blocks[] = {block.data()};
  float* outs[] = {out.data()};
  const int start = 0, length = kLength;
  nn::AttentionArgs a;
  a.q = q.data(), a.q_scale = &q_scale, a.q_sum = &q_sum, a.rows = 1;
  a.start = &start, a.length = &length, a.end_block = 1, a.layout = layout, a.blocks = blocks;
  a.stride = nn::kKvBlock, a.scores = scores.data(), a.codes = codes.data();
  a.code_scale = &code_scale, a.code_sum = &code_sum, a.inverse = &inverse;
  a.out = outs, a.head_dim = kDim;
  kernels.attention_scores(a, 0, 1);
  row(table, "attention score of position 19", hex(scores[19]));
  kernels.attention_weights(a, 0);
  row(table, "attention code scale", hex(code_scale));
  row(table, "attention code of position 19", std::to_string(codes[19] * 128 + codes[64 + 19]));
  kernels.attention_values(a, 0, nn::kTile);
  row(table, "attention out[0]", hex(out[0]));
  row(table, "attention out[15]", hex(out[15]));
}

void sampling(Table& table, const nn::Kernels& kernels) {
  row(table, "philox(key 0, counter 0)[0]", hex(engine::philox(0, 0, 0)[0]));
  row(table, "random bits(seed 42, position 7)", std::to_string(engine::random_bits_at(42, 7)));
  const std::vector<text::TokenId> history = {3, 9};
  std::vector<float> logits(50);
  const auto refill = [&] {
    for (int id = 0; id < 50; ++id) logits[static_cast<std::size_t>(id)] = example_x(id);
  };
  engine::Sampling settings;
  settings.seed = 42;
  settings.temperature = 0.7f;
  settings.top_k = 0;
  settings.top_p = 1.0f;
  settings.min_p = 0.0f;
  settings.repetition_penalty = 1.1f;
  engine::Sampler sampler(kernels, 50);
  refill();
  row(table, "token without filters",
      std::to_string(sampler.sample(logits, settings, history, 1, 7)));
  settings.top_k = 20;
  settings.top_p = 0.9f;
  settings.min_p = 0.05f;
  refill();
  row(table, "token with top-k 20, top-p 0.9, min-p 0.05",
      std::to_string(sampler.sample(logits, settings, history, 1, 7)));
}

TEST(WorkedExample, DocumentsWhatEveryInstructionSetComputes) {
  const std::string document =
      read_file(std::filesystem::path(PARLEY_SOURCE_DIR) / "docs" / "arithmetic.md", 1u << 20);
  for (const nn::Kernels* kernels : nn::available_kernels()) {
    Table table;
    scalars(table);
    linear(table, *kernels);
    attention(table, *kernels);
    sampling(table, *kernels);
    for (const std::string& line : table) {
      EXPECT_NE(document.find("\n" + line + "\n"), std::string::npos)
          << kernels->name << " computes " << line;
    }
  }
}

}  // namespace worked_example_test
}  // namespace parley
