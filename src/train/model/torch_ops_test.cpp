// Every fused operation equals plain torch, forward and backward, in float; and a whole model
// equals one written with torch's own operations.
#include "train/model/torch_ops.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "train/model/torch_llama.hpp"

namespace parley::train {
namespace torch_ops_test {

using torch::Tensor;

Tensor random(std::vector<std::int64_t> shape, double scale = 1.0) {
  return (torch::randn(shape) * scale).set_requires_grad(true);
}

void expect_close(const Tensor& a, const Tensor& b, const char* what, double tolerance = 2e-4) {
  ASSERT_EQ(a.sizes(), b.sizes()) << what;
  const double error = (a - b).abs().max().item<double>(), size = b.abs().max().item<double>();
  EXPECT_LE(error, tolerance * std::max(size, 1e-3)) << what;
}

// Gradients of `inputs` for a random direction of `out`.
std::vector<Tensor> gradients(const Tensor& out, const std::vector<Tensor>& inputs,
                              const Tensor& direction) {
  return torch::autograd::grad({(out * direction).sum()}, inputs);
}

Tensor plain_norm(const Tensor& x, const Tensor& weight, double epsilon) {
  return x * torch::rsqrt(x.pow(2).mean(-1, true) + epsilon) * weight;
}

Tensor plain_attention(const Tensor& qkv, const Tensor& cosine, const Tensor& sine,
                       const Tensor& first_key, AttentionShape s) {
  const auto rotate = [&](const Tensor& x) {  // [B, heads, T, D]
    const auto half = s.dim / 2;
    const Tensor a = x.narrow(-1, 0, half), b = x.narrow(-1, half, half);
    return torch::cat({a * cosine - b * sine, b * cosine + a * sine}, -1);
  };
  const Tensor all = qkv.view({s.batch, s.time, s.heads + 2 * s.kv_heads, s.dim}).transpose(1, 2);
  const auto group = s.heads / s.kv_heads;
  const Tensor q = rotate(all.narrow(1, 0, s.heads));
  const Tensor k = rotate(all.narrow(1, s.heads, s.kv_heads)).repeat_interleave(group, 1);
  const Tensor v = all.narrow(1, s.heads + s.kv_heads, s.kv_heads).repeat_interleave(group, 1);
  const Tensor t = torch::arange(s.time);
  const Tensor first = first_key.view({s.batch, 1, s.time, 1}).to(torch::kInt64);
  const Tensor allowed = (t.view({1, 1, 1, s.time}) <= t.view({1, 1, s.time, 1})) &
                         (t.view({1, 1, 1, s.time}) >= first);
  const Tensor scores =
      torch::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(s.dim));
  const Tensor p = torch::softmax(scores.masked_fill(~allowed, -1e30), -1);
  return torch::matmul(p, v).transpose(1, 2).reshape({s.batch * s.time, s.heads * s.dim});
}

Tensor two_documents(int batch, int time, int second_at) {
  Tensor first = torch::zeros({batch, time}, torch::kInt32);
  first.narrow(1, second_at, time - second_at).fill_(second_at);
  return first.reshape({batch * time}).contiguous();
}

class TrainOps : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    torch::manual_seed(3);
    set_kernel_threads(GetParam());
  }
};

TEST_P(TrainOps, AddNorm) {
  const Tensor x = random({13, 40}), delta = random({13, 40}), weight = random({40});
  const AddNormResult ours = add_norm(x, delta, weight, 1e-5, {});
  const Tensor sum = x + delta, plain = plain_norm(sum, weight, 1e-5);
  expect_close(ours.x, sum, "x");
  expect_close(ours.y, plain, "y");
  const Tensor d1 = torch::randn({13, 40}), d2 = torch::randn({13, 40});
  const auto a = torch::autograd::grad({(ours.x * d1 + ours.y * d2).sum()}, {x, delta, weight});
  const auto b = torch::autograd::grad({(sum * d1 + plain * d2).sum()}, {x, delta, weight});
  for (int i = 0; i < 3; ++i) expect_close(a[i], b[i], "gradient");
}

TEST_P(TrainOps, DropoutKeepsTheExpectedShareAndItsMaskInTheGradient) {
  const Tensor x = torch::zeros({200, 50}), weight = torch::ones({50});
  const Tensor delta = torch::ones({200, 50}).set_requires_grad(true);
  const Dropout dropout{0.25f, 12345};
  const AddNormResult out = add_norm(x, delta, weight, 1e-5, dropout);
  EXPECT_NEAR(out.x.eq(0).to(torch::kFloat32).mean().item<double>(), 0.25, 0.02);
  EXPECT_NEAR(out.x.mean().item<double>(), 1.0, 0.03);
  const Tensor g = torch::autograd::grad({out.x.sum()}, {delta})[0];
  EXPECT_TRUE(torch::equal(g, out.x));
}

TEST_P(TrainOps, Attention) {
  for (const AttentionShape s : {AttentionShape{2, 12, 4, 2, 8}, AttentionShape{1, 33, 3, 1, 16},
                                 AttentionShape{3, 5, 2, 2, 4}}) {
    const Tensor qkv = random({s.batch * s.time, (s.heads + 2 * s.kv_heads) * s.dim});
    const Tensor angle = torch::randn({s.time, s.dim / 2}), cosine = torch::cos(angle),
                 sine = torch::sin(angle);
    const Tensor first = two_documents(s.batch, s.time, s.time / 2);
    const Tensor ours = attention(qkv, cosine, sine, first, s),
                 plain = plain_attention(qkv, cosine, sine, first, s);
    expect_close(ours, plain, "out");
    const Tensor direction = torch::randn_like(plain);
    expect_close(gradients(ours, {qkv}, direction)[0], gradients(plain, {qkv}, direction)[0],
                 "dqkv");
  }
}

TEST_P(TrainOps, SwiGlu) {
  const Tensor x = random({7, 66}, 3.0);
  const Tensor ours = swiglu(x), plain = torch::silu(x.narrow(1, 0, 33)) * x.narrow(1, 33, 33);
  expect_close(ours, plain, "out");
  const Tensor direction = torch::randn_like(plain);
  expect_close(gradients(ours, {x}, direction)[0], gradients(plain, {x}, direction)[0], "gradient");
}

TEST_P(TrainOps, EmbedAndCrossEntropy) {
  const Tensor table = random({50, 24}), ids = torch::randint(0, 50, {31}, torch::kInt32);
  const Tensor target = torch::randint(0, 50, {31}, torch::kInt32);
  const Tensor ours = linear_cross_entropy(embed(ids, table), table, target);
  const Tensor plain = torch::nn::functional::cross_entropy(
      torch::linear(torch::embedding(table, ids.to(torch::kInt64)), table),
      target.to(torch::kInt64));
  expect_close(ours, plain, "loss");
  expect_close(torch::autograd::grad({ours}, {table})[0],
               torch::autograd::grad({plain}, {table})[0], "dtable");
}

nn::ModelConfig small_config() {
  nn::ModelConfig c;
  c.vocabulary = 70, c.width = 32, c.layers = 2, c.heads = 4, c.kv_heads = 2, c.head_dim = 8,
  c.hidden = 44, c.context = 24;
  return c;
}

TorchBatch small_batch() {
  TorchBatch b;
  b.batch = 2, b.time = 20;
  b.ids = torch::randint(0, 70, {40}, torch::kInt32);
  b.first_key = two_documents(2, 20, 9);
  b.target_rows = torch::tensor({1, 4, 8, 12, 17, 22, 30, 38}, torch::kInt64);
  b.targets = torch::randint(0, 70, {8}, torch::kInt32);
  return b;
}

TEST_P(TrainOps, TheWholeModelEqualsPlainTorch) {
  Llama model(small_config(), torch::kFloat32);
  model->initialise(5);
  const nn::ModelConfig c = model->config;
  const TorchBatch b = small_batch();
  Tensor x = torch::embedding(model->embedding, b.ids.to(torch::kInt64));
  const AttentionShape shape{b.batch, b.time, c.heads, c.kv_heads, c.head_dim};
  for (const LlamaLayer& l : model->layers) {
    const Tensor y = plain_norm(x, l->input_norm, c.norm_epsilon);
    x = x +
        torch::linear(plain_attention(torch::linear(y, l->qkv), model->cosine.narrow(0, 0, b.time),
                                      model->sine.narrow(0, 0, b.time), b.first_key, shape),
                      l->output);
    const Tensor gu =
        torch::linear(plain_norm(x, l->post_attention_norm, c.norm_epsilon), l->gate_up);
    x = x + torch::linear(torch::silu(gu.narrow(1, 0, c.hidden)) * gu.narrow(1, c.hidden, c.hidden),
                          l->down);
  }
  const Tensor y = plain_norm(x, model->final_norm, c.norm_epsilon).index_select(0, b.target_rows);
  const Tensor plain = torch::nn::functional::cross_entropy(torch::linear(y, model->embedding),
                                                            b.targets.to(torch::kInt64));
  const Tensor ours = model->loss(b, 0, 0);
  expect_close(ours, plain, "loss");
  const auto a = torch::autograd::grad({ours}, model->parameters());
  const auto p = torch::autograd::grad({plain}, model->parameters());
  for (std::size_t i = 0; i < a.size(); ++i) expect_close(a[i], p[i], "gradient", 1e-3);
}

TEST_P(TrainOps, Bf16IsCloseToFloat) {
  Llama exact(small_config(), torch::kFloat32), rough(small_config(), torch::kBFloat16);
  exact->initialise(5);
  rough->initialise(5);
  const TorchBatch b = small_batch();
  EXPECT_NEAR(exact->loss(b, 0, 0).item<double>(), rough->loss(b, 0, 0).item<double>(), 0.02);
}

INSTANTIATE_TEST_SUITE_P(Threads, TrainOps, ::testing::Values(1, 2));

}  // namespace torch_ops_test
}  // namespace parley::train
