// The fused bfloat16 network against the float32 module: loss, and the gradient of every weight.
#include "train/model/torch_fused.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "train/fast/bf16/bf16.hpp"

namespace parley::train {
namespace torch_fused_test {

using torch::Tensor;

nn::ModelConfig config_of(int width, int heads, int kv_heads, int dim, int hidden) {
  nn::ModelConfig c;
  c.vocabulary = 96, c.width = width, c.layers = 2, c.heads = heads, c.kv_heads = kv_heads;
  c.head_dim = dim, c.hidden = hidden, c.context = 512;
  return c;
}

// `documents` conversations of uneven length in every row, every third token a target.
Batch batch_of(int rows, int sequence, int documents, int vocabulary) {
  Batch b;
  b.rows = rows, b.sequence = sequence;
  for (int r = 0; r < rows; ++r) {
    int start = 0;
    for (int t = 0; t < sequence; ++t) {
      if (documents > 1 && t > 0 && t % (sequence / documents + 3) == 0) start = t;
      b.ids.push_back((r * 31 + t * 17 + t * t % 13) % vocabulary);
      b.first_key.push_back(start);
      if (t % 3 != 0) continue;
      b.target_rows.push_back(static_cast<std::int64_t>(r) * sequence + t);
      b.targets.push_back((t * 7 + r) % vocabulary);
    }
  }
  return b;
}

TorchBatch to_torch(const Batch& b) {
  TorchBatch out;
  out.ids = torch::tensor(std::vector<std::int64_t>(b.ids.begin(), b.ids.end())).to(torch::kInt32);
  out.first_key = torch::tensor(std::vector<std::int64_t>(b.first_key.begin(), b.first_key.end()))
                      .to(torch::kInt32);
  out.target_rows = torch::tensor(b.target_rows);
  out.targets = torch::tensor(std::vector<std::int64_t>(b.targets.begin(), b.targets.end()))
                    .to(torch::kInt32);
  out.batch = b.rows, out.time = b.sequence;
  return out;
}

struct Fused {
  Fused(const nn::ModelConfig& c, int threads) : config(c), model(c, torch::kFloat32) {
    model->initialise(7);
    torch::NoGradGuard no_grad;
    torch::manual_seed(2);
    for (Tensor p : model->parameters()) p.add_(torch::randn_like(p) * (p.dim() > 1 ? 0.06 : 0.1));
    std::tie(weights, layout) = flatten(model);
    gradients = torch::zeros_like(weights);
    network = std::make_unique<FastNetwork>(c, layout, threads, weights.data_ptr<float>(),
                                            gradients.data_ptr<float>());
    network->pack_weights();
  }
  double run(const Batch& b, float dropout = 0, std::uint32_t key = 0) {
    gradients.zero_();
    return fused_forward_backward(*network, model->embedding, config.layers, config.width, b,
                                  dropout, key);
  }
  nn::ModelConfig config;
  Llama model;
  Tensor weights, gradients;
  NetworkLayout layout;
  std::unique_ptr<FastNetwork> network;
};

class FusedNetwork : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!bf16::available()) GTEST_SKIP() << "this processor has no AVX-512 BF16";
    bf16::disable_amx(!GetParam());
    if (GetParam() && std::string(bf16::matmul_kernel()) != "AMX") GTEST_SKIP() << "no AMX";
  }
  void TearDown() override { bf16::disable_amx(false); }
};

TEST_P(FusedNetwork, LossAndGradientsEqualTheFloatModule) {
  struct Case {
    nn::ModelConfig config;
    int rows, sequence, documents;
  };
  for (const Case& c :
       {Case{config_of(64, 2, 2, 32, 96), 2, 64, 1}, Case{config_of(96, 4, 2, 32, 160), 3, 96, 4},
        Case{config_of(128, 2, 1, 64, 256), 2, 320, 3}}) {
    Fused fused(c.config, 2);
    const Batch b = batch_of(c.rows, c.sequence, c.documents, c.config.vocabulary);
    const double loss = fused.run(b);
    const Tensor exact = fused.model->loss(to_torch(b), 0, 0);
    EXPECT_NEAR(loss, exact.item<double>(), 0.01 * exact.item<double>());
    const auto parameters = fused.model->named_parameters();
    const auto gradients = torch::autograd::grad({exact}, fused.model->parameters());
    std::size_t i = 0;
    for (const auto& item : parameters) {
      const Tensor& expected = gradients[i++];
      const auto offset = item.value().data_ptr<float>() - fused.weights.data_ptr<float>();
      const Tensor got =
          fused.gradients.narrow(0, offset, item.value().numel()).view(item.value().sizes());
      // bfloat16 keeps 8 bits: errors of single elements are random, the direction is not.
      const double error = (got - expected).norm().item<double>() / expected.norm().item<double>();
      EXPECT_LT(error, 0.03) << item.key() << ", rows of " << c.sequence;
    }
    EXPECT_NEAR(fused_loss_sum(*fused.network, c.config.layers, b) / double(b.targets.size()), loss,
                1e-6);
    EXPECT_NEAR(fused.network->gradient_norm(), fused.gradients.norm().item<double>(), 1e-4);
  }
}

TEST_P(FusedNetwork, DoesNotDependOnTheNumberOfThreads) {
  const nn::ModelConfig config = config_of(96, 4, 2, 32, 160);
  const Batch b = batch_of(5, 64, 2, config.vocabulary);
  Fused one(config, 1), three(config, 3);
  EXPECT_EQ(one.run(b, 0.1f, 9), three.run(b, 0.1f, 9));
  EXPECT_TRUE(torch::equal(one.gradients, three.gradients));
}

TEST_P(FusedNetwork, DropoutIsRepeatedInTheBackwardPass) {
  const nn::ModelConfig config = config_of(64, 2, 2, 32, 96);
  Fused fused(config, 2);
  const Batch b = batch_of(4, 64, 1, config.vocabulary);
  const double plain = fused.run(b);
  const double dropped = fused.run(b, 0.2f, 5);
  EXPECT_NE(plain, dropped);
  EXPECT_EQ(dropped, fused.run(b, 0.2f, 5));
  EXPECT_NE(dropped, fused.run(b, 0.2f, 6));
  // A small step against the gradient lowers the loss of the same mask by its squared length.
  fused.run(b, 0.2f, 5);
  const Tensor gradient = fused.gradients.clone();
  const double squared = gradient.square().sum().item<double>();
  const double step = 0.02 / std::sqrt(squared);
  {
    torch::NoGradGuard no_grad;
    fused.weights.add_(gradient, -step);
  }
  fused.network->pack_weights();
  const double lower = fused.run(b, 0.2f, 5);
  EXPECT_NEAR((dropped - lower) / (step * squared), 1.0, 0.35);
}

TEST_P(FusedNetwork, AdamWEqualsTheTextbook) {
  const nn::ModelConfig config = config_of(64, 2, 2, 32, 96);
  Fused fused(config, 2);
  fused.run(batch_of(2, 64, 1, config.vocabulary));
  const Tensor g = fused.gradients.clone() * 0.5, before = fused.weights.clone();
  Tensor m = torch::zeros_like(g), v = torch::zeros_like(g);
  fused.network->adamw({0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.5f, 1}, m.data_ptr<float>(),
                       v.data_ptr<float>());
  Tensor decay = torch::ones_like(g);
  decay.narrow(0, 0, static_cast<std::int64_t>(fused.layout.matrices)).fill_(1 - 0.01 * 0.1);
  const Tensor expected = before * decay - 0.01 * g / (g.abs() + 1e-8);
  EXPECT_LT((fused.weights - expected).abs().max().item<double>(), 2e-4);
  EXPECT_TRUE(torch::allclose(m, g * 0.1, 1e-4, 1e-9));
  EXPECT_EQ(fused.gradients.abs().max().item<double>(), 0);
}

INSTANTIATE_TEST_SUITE_P(Kernels, FusedNetwork, ::testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Amx" : "Avx512"; });

}  // namespace torch_fused_test
}  // namespace parley::train
