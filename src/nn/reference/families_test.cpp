// Every model family against a plain float64 forward pass that shares no code with the engine, and
// the exactness promise for each.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/test_support.hpp"
#include "base/thread_team.hpp"
#include "nn/model/forward.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::nn {
namespace families_test {

constexpr int kTokens = 90;

struct Tiny {
  test::TempDir dir;
  std::filesystem::path folder;
  std::vector<std::int32_t> tokens;
  explicit Tiny(test::Family family) : folder(dir.path() / "model") {
    test::write_tiny_checkpoint(folder, family);
    tokens = test::random_tokens(read_model_config(folder / "config.json").vocabulary, kTokens);
  }
};

std::vector<float> logits(const Tiny& tiny, Precision precision, const Kernels& kernels,
                          int threads, std::vector<int> chunks) {
  ModelOptions options;
  options.precision = precision;
  options.threads = 1;
  const auto model = Model::load(tiny.folder, options);
  ThreadTeam team(threads);
  KvCache cache(model->config(), model->is_float32(), 4);
  ForwardPass forward(*model, kernels, cache, team, kTokens, kTokens);
  KvSequence sequence(cache);
  sequence.reserve(kTokens);
  std::vector<float> out;
  for (int at = 0, chunk = 0; at < kTokens; ++chunk) {
    std::vector<Row> rows;
    const int size = chunks[std::min<std::size_t>(chunk, chunks.size() - 1)];
    for (int i = 0; i < size && at < kTokens; ++i, ++at)
      rows.push_back({tiny.tokens[static_cast<std::size_t>(at)], at, &sequence, true});
    forward.run(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = forward.logits(static_cast<int>(i));
      out.insert(out.end(), row.begin(), row.end());
    }
  }
  return out;
}

// Root mean square of the difference over that of the reference.
double distance(const std::vector<float>& seen, const std::vector<double>& right) {
  EXPECT_EQ(seen.size(), right.size());
  double error = 0, size = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    error += (seen[i] - right[i]) * (seen[i] - right[i]);
    size += right[i] * right[i];
  }
  return std::sqrt(error / size);
}

class EveryFamily : public ::testing::TestWithParam<test::Family> {};

TEST_P(EveryFamily, AgreesWithTheReference) {
  const Tiny tiny(GetParam());
  // The engine chooses longrope's factors by the context that it serves.
  const int context = read_model_config(tiny.folder / "config.json").context;
  const auto right = test::reference_logits(tiny.folder, tiny.tokens, context);
  const Kernels& kernels = select_kernels();
  EXPECT_LT(distance(logits(tiny, Precision::kFloat32, kernels, 1, {kTokens}), right), 2e-5);
  EXPECT_LT(distance(logits(tiny, Precision::kInt8, kernels, 2, {kTokens}), right), 0.06);
  EXPECT_LT(distance(logits(tiny, Precision::kInt4, kernels, 2, {kTokens}), right), 0.6);
}

TEST_P(EveryFamily, GivesTheSameBitsEverywhere) {
  const Tiny tiny(GetParam());
  for (const auto precision : {Precision::kInt8, Precision::kInt4, Precision::kFloat32}) {
    const auto spec = logits(tiny, precision, scalar_kernels(), 1, {kTokens});
    for (const Kernels* kernels : available_kernels()) {
      for (const auto& [threads, chunks] :
           {std::pair{1, std::vector<int>{1}}, {2, {kTokens}}, {3, {5, 64, 2, 11, 1}}}) {
        const auto other = logits(tiny, precision, *kernels, threads, chunks);
        ASSERT_EQ(spec.size(), other.size());
        ASSERT_EQ(std::memcmp(spec.data(), other.data(), spec.size() * sizeof(float)), 0)
            << kernels->name << ", " << precision_name(precision) << ", " << threads << " threads";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFamily, ::testing::ValuesIn(test::kFamilies),
                         [](const auto& info) { return test::family_name(info.param); });

}  // namespace families_test
}  // namespace parley::nn
