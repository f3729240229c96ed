#include "train/fast/bf16/network_state.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace parley::train {

using bf16::Bf16;

namespace {

// Keys of the dropout masks: one per step, layer and site.
std::uint32_t site_key(std::uint32_t key, int layer, int site) {
  std::uint32_t h = key + 0x9E3779B9u * static_cast<std::uint32_t>(2 * layer + site + 1);
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}

}  // namespace

FastNetwork::State::State(const nn::ModelConfig& c, const NetworkLayout& l, int threads, float* w,
                          float* g)
    : config(c), layout(l), weights(w), gradients(g), team(threads) {
  const auto pack = [](std::size_t offset, int n, int k) {
    PackedWeight p;
    const auto size = static_cast<std::size_t>(n) * static_cast<std::size_t>(k);
    p.forward = Array<Bf16>(size);
    p.backward = Array<Bf16>(size);
    p.offset = offset;
    p.n = n;
    p.k = k;
    return p;
  };
  qkv_width = (c.heads + 2 * c.kv_heads) * c.head_dim;
  q_width = c.heads * c.head_dim;
  packed.push_back(pack(l.embedding, c.vocabulary, c.width));
  for (const NetworkLayout::Layer& o : l.layers) {
    packed.push_back(pack(o.qkv, qkv_width, c.width));
    packed.push_back(pack(o.output, c.width, q_width));
    packed.push_back(pack(o.gate_up, 2 * c.hidden, c.width));
    packed.push_back(pack(o.down, c.width, c.hidden));
  }
  const int half = c.head_dim / 2;
  cosines = Array<float>(static_cast<std::size_t>(c.context) * half);
  sines = Array<float>(static_cast<std::size_t>(c.context) * half);
  for (int p = 0; p < c.context; ++p) {
    for (int i = 0; i < half; ++i) {
      const double angle = p * std::pow(c.rope_theta, -2.0 * i / c.head_dim);
      cosines[static_cast<std::size_t>(p * half + i)] = static_cast<float>(std::cos(angle));
      sines[static_cast<std::size_t>(p * half + i)] = static_cast<float>(std::sin(angle));
    }
  }
  team.run([](int) { bf16::begin_thread(); });
}

void FastNetwork::State::each(int tasks, const std::function<void(int, int)>& work) {
  std::atomic<int> next{0};
  team.run([&](int member) {
    bf16::begin_thread();
    for (int task = next++; task < tasks; task = next++) work(task, member);
  });
}

void FastNetwork::State::resize(int tokens, int length) {
  if (tokens == capacity && length == sequence) return;
  capacity = tokens;
  sequence = length;
  const auto t = static_cast<std::size_t>(tokens), width = static_cast<std::size_t>(config.width);
  residuals.clear();
  saved.clear();
  for (int l = 0; l <= config.layers; ++l) residuals.emplace_back(t * width);
  for (int l = 0; l < config.layers; ++l) {
    SavedLayer s;
    s.middle = Array<float>(t * width);
    s.rstd1 = Array<float>(t);
    s.rstd2 = Array<float>(t);
    s.lse = Array<float>(t * static_cast<std::size_t>(config.heads));
    s.h1 = Array<Bf16>(t * spread(config.width));
    s.h2 = Array<Bf16>(t * spread(config.width));
    s.qkv = Array<Bf16>(t * spread(qkv_width));
    s.o = Array<Bf16>(t * spread(q_width));
    s.gu = Array<Bf16>(t * spread(2 * config.hidden));
    saved.push_back(std::move(s));
  }
  dx = Array<float>(t * width);
  const auto operands = [&](int n, int k) {
    GradientOperands g;
    g.left = Array<Bf16>(t * n);
    g.right = Array<Bf16>(t * k);
    return g;
  };
  d_qkv = operands(qkv_width, config.width);
  d_o = operands(config.width, q_width);
  d_gate_up = operands(2 * config.hidden, config.width);
  d_down = operands(config.width, config.hidden);
  bf16::AttentionShape shape = attention_shape(0);
  scratch.clear();
  const std::size_t piece = static_cast<std::size_t>(std::min(length, kPiece));
  for (int i = 0; i < team.size(); ++i) {
    Scratch s;
    s.attention = Array<char>(bf16::attention_scratch_bytes(shape));
    s.branch = Array<float>(piece * width);
    s.act = Array<Bf16>(piece * spread(config.hidden));
    s.dact = Array<Bf16>(piece * spread(config.hidden));
    s.dgu = Array<Bf16>(piece * spread(2 * config.hidden));
    s.dy = Array<Bf16>(static_cast<std::size_t>(length) * spread(std::max(config.width, q_width)));
    s.d_o = Array<Bf16>(static_cast<std::size_t>(length) * spread(q_width));
    s.dqkv = Array<Bf16>(static_cast<std::size_t>(length) * spread(qkv_width));
    scratch.push_back(std::move(s));
  }
  norm_partials = Array<float>(static_cast<std::size_t>(std::max(tokens / length, 1)) * 2 * width);
}

bf16::Dropout FastNetwork::State::dropout(int layer, int site, std::size_t first_token) const {
  if (dropout_key == 0) return {};
  return {dropout_rate, site_key(dropout_key, layer, site),
          static_cast<std::uint32_t>(first_token * static_cast<std::size_t>(config.width))};
}

}  // namespace parley::train
