#include "train/fast/bf16/network.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_team.hpp"
#include "nn/kernels/aligned.hpp"
#include "train/fast/bf16/bf16.hpp"

namespace parley::train {

using bf16::Bf16;
using bf16::Dropout;
using bf16::kTile;

namespace {

// Rows of a power-of-two size land in few cache sets; 32 more elements spread them.
std::ptrdiff_t spread(std::ptrdiff_t columns) {
  return columns % 256 == 0 ? columns + 32 : columns;
}

template <typename T>
using Array = nn::AlignedArray<T>;

struct PackedWeight {
  Array<Bf16> forward, backward;
  std::size_t offset = 0;  // in the float32 weights
  int n = 0, k = 0;
  bf16::B forward_b() const { return {forward.data(), k / 32 * kTile, kTile}; }
  bf16::B backward_b() const { return {backward.data(), n / 32 * kTile, kTile}; }
};

struct SavedLayer {  // what the backward pass needs, per token
  Array<float> middle, rstd1, rstd2, lse;
  Array<Bf16> h1, qkv, o, h2, gu;
};

// One weight gradient dW[n][k] = dY^T X, both operands packed tile by tile over all tokens.
struct GradientOperands {
  // Piece after piece of tokens, each contiguous: tiles [n16][token32] and [k16][token32].
  Array<Bf16> left, right;
};

// Keys of the dropout masks: one per step, layer and site.
std::uint32_t site_key(std::uint32_t key, int layer, int site) {
  std::uint32_t h = key + 0x9E3779B9u * static_cast<std::uint32_t>(2 * layer + site + 1);
  h = (h ^ (h >> 16)) * 0x7feb352du;
  h = (h ^ (h >> 15)) * 0x846ca68bu;
  return h ^ (h >> 16);
}

}  // namespace

struct FastNetwork::State {
  State(const nn::ModelConfig& c, const NetworkLayout& l, int threads, float* w, float* g)
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

  // Runs work(task, member) for every task; members take the next one as they come free.
  void each(int tasks, const std::function<void(int, int)>& work) {
    std::atomic<int> next{0};
    team.run([&](int member) {
      bf16::begin_thread();
      for (int task = next++; task < tasks; task = next++) work(task, member);
    });
  }

  void resize(int tokens, int length) {
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
    bf16::Attention shape = attention_shape(0);
    scratch.clear();
    const std::size_t piece = static_cast<std::size_t>(std::min(length, kPiece));
    for (int i = 0; i < team.size(); ++i) {
      Scratch s;
      s.attention = Array<char>(bf16::attention_scratch_bytes(shape));
      s.branch = Array<float>(piece * width);
      s.act = Array<Bf16>(piece * spread(config.hidden));
      s.dact = Array<Bf16>(piece * spread(config.hidden));
      s.dgu = Array<Bf16>(piece * spread(2 * config.hidden));
      s.dy =
          Array<Bf16>(static_cast<std::size_t>(length) * spread(std::max(config.width, q_width)));
      s.d_o = Array<Bf16>(static_cast<std::size_t>(length) * spread(q_width));
      s.dqkv = Array<Bf16>(static_cast<std::size_t>(length) * spread(qkv_width));
      scratch.push_back(std::move(s));
    }
    norm_partials =
        Array<float>(static_cast<std::size_t>(std::max(tokens / length, 1)) * 2 * width);
  }

  bf16::Attention attention_shape(int sequence_index) const {
    return {sequence,
            config.heads,
            config.kv_heads,
            config.head_dim,
            batch ? batch->first_key.data() + static_cast<std::ptrdiff_t>(sequence_index) * sequence
                  : nullptr,
            spread(qkv_width),
            spread(q_width)};
  }

  Dropout dropout(int layer, int site, std::size_t first_token) const {
    if (dropout_key == 0) return {};
    return {dropout_rate, site_key(dropout_key, layer, site),
            static_cast<std::uint32_t>(first_token * static_cast<std::size_t>(config.width))};
  }

  const PackedWeight& weight(int layer, int which) const {
    return packed[static_cast<std::size_t>(1 + 4 * layer + which)];
  }

  void forward_sequence(int layer, int s, int member);
  void backward_sequence(int layer, int s, int member);
  struct Product {
    const GradientOperands* operands;
    std::size_t offset;  // of dW in the flat gradients
    int n, k;
  };
  void multiply_gradients(const std::vector<Product>& products, int tokens, int run, int piece);

  // Rows a thread takes at a time where nothing couples rows: a piece's widest activation (2 *
  // hidden in bfloat16) should stay in the L2 cache.
  static constexpr int kPiece = 256;

  struct Scratch {
    Array<char> attention;
    Array<float> branch;
    Array<Bf16> act, dact, dgu, dy, d_o, dqkv;
  };
  struct HeadScratch {
    Array<float> x, dh;
    Array<Bf16> h, logits;
  };

  nn::ModelConfig config;
  NetworkLayout layout;
  float* weights;
  float* gradients;
  ThreadTeam team;
  int qkv_width = 0, q_width = 0;
  std::vector<PackedWeight> packed;  // the embedding, then qkv, o, gate|up, down of every layer
  Array<float> cosines, sines;

  int capacity = 0, sequence = 0;
  std::vector<Array<float>> residuals;
  std::vector<SavedLayer> saved;
  Array<float> dx;
  GradientOperands d_qkv, d_o, d_gate_up, d_down, d_embedding;
  std::vector<Scratch> scratch;
  std::vector<HeadScratch> head_scratch;
  Array<float> norm_partials;

  const Batch* batch = nullptr;
  float dropout_rate = 0;
  std::uint32_t dropout_key = 0;
};

bool FastNetwork::supports(const nn::ModelConfig& c, int sequence) {
  return bf16::available() && c.tie_embeddings && c.width % 32 == 0 && c.hidden % 32 == 0 &&
         c.vocabulary % 32 == 0 && c.head_dim % 32 == 0 && sequence % 32 == 0;
}

const char* FastNetwork::kernel() {
  return bf16::product_name();
}

FastNetwork::FastNetwork(const nn::ModelConfig& config, const NetworkLayout& layout, int threads,
                         float* weights, float* gradients)
    : state_(std::make_unique<State>(config, layout, threads, weights, gradients)) {}
FastNetwork::~FastNetwork() = default;

void FastNetwork::pack_weights() {
  State& s = *state_;
  std::vector<std::pair<const PackedWeight*, int>> tasks;
  for (const PackedWeight& p : s.packed) {
    for (int n32 = 0; n32 < p.n / 32; n32 += 4) tasks.emplace_back(&p, n32);
  }
  s.each(static_cast<int>(tasks.size()), [&](int task, int) {
    const auto& [p, first] = tasks[static_cast<std::size_t>(task)];
    for (int n32 = first; n32 < std::min(first + 4, p->n / 32); ++n32) {
      bf16::pack_weight_block(s.weights + p->offset, p->n, p->k, n32,
                              const_cast<Bf16*>(p->forward.data()),
                              const_cast<Bf16*>(p->backward.data()));
    }
  });
}

void FastNetwork::begin(const Batch& batch, float dropout, std::uint32_t dropout_key) {
  State& s = *state_;
  s.batch = &batch;
  s.resize(batch.rows * batch.sequence, batch.sequence);
  s.dropout_rate = dropout;
  s.dropout_key = dropout > 0 ? dropout_key : 0;
}

float* FastNetwork::residual(int layer) {
  return state_->residuals[static_cast<std::size_t>(layer)].data();
}
float* FastNetwork::residual_gradient() {
  return state_->dx.data();
}

void FastNetwork::embed() {
  State& s = *state_;
  const auto width = static_cast<std::size_t>(s.config.width);
  s.each(s.batch->rows, [&](int q, int) {
    for (int i = q * s.sequence; i < (q + 1) * s.sequence; ++i) {
      const auto token = static_cast<std::size_t>(s.batch->ids[static_cast<std::size_t>(i)]);
      std::memcpy(s.residuals[0].data() + static_cast<std::size_t>(i) * width,
                  s.weights + s.layout.embedding + token * width, width * sizeof(float));
    }
  });
}

void FastNetwork::backward_embedding() {  // each thread takes some columns of all tokens: a fixed
                                          // order for every sum
  State& s = *state_;
  const auto width = static_cast<std::size_t>(s.config.width);
  const int stripes = static_cast<int>(width / 32);
  s.team.run([&](int member) {
    const auto [from, to] = s.team.share(stripes, member);
    for (std::size_t i = 0; i < s.batch->ids.size(); ++i) {
      float* g =
          s.gradients + s.layout.embedding + static_cast<std::size_t>(s.batch->ids[i]) * width;
      const float* d = s.dx.data() + i * width;
      for (int c = from * 32; c < to * 32; ++c) g[c] += d[c];
    }
  });
}

void FastNetwork::forward_layer(int layer) {
  State& s = *state_;
  s.each(s.batch->rows, [&](int q, int member) { s.forward_sequence(layer, q, member); });
}

void FastNetwork::State::forward_sequence(int layer, int s, int member) {
  const NetworkLayout::Layer& at = layout.layers[static_cast<std::size_t>(layer)];
  SavedLayer& save = saved[static_cast<std::size_t>(layer)];
  Scratch& tmp = scratch[static_cast<std::size_t>(member)];
  const int width = config.width, hidden = config.hidden;
  const auto epsilon = static_cast<float>(config.norm_epsilon);
  const float* x = residuals[static_cast<std::size_t>(layer)].data();
  float* out = residuals[static_cast<std::size_t>(layer + 1)].data();
  const std::ptrdiff_t h_stride = spread(width), qkv_stride = spread(qkv_width),
                       o_stride = spread(q_width);
  const std::ptrdiff_t gu_stride = spread(2 * hidden), act_stride = spread(hidden);
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(s) * sequence;
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    bf16::rmsnorm(x + t * width, weights + at.input_norm, epsilon, rows, width,
                  save.h1.data() + t * h_stride, h_stride, save.rstd1.data() + t);
    Bf16* qkv = save.qkv.data() + t * qkv_stride;
    bf16::product_bf16(bf16::row_major(save.h1.data() + t * h_stride, h_stride),
                       weight(layer, 0).forward_b(), rows, qkv_width, width, qkv, qkv_stride);
    bf16::rotate(qkv, qkv_stride, rows, config.heads + config.kv_heads, config.head_dim,
                 static_cast<int>(t - first), cosines.data(), sines.data(), false);
  }
  bf16::attention(attention_shape(s), save.qkv.data() + first * qkv_stride,
                  save.o.data() + first * o_stride, save.lse.data() + first * config.heads,
                  tmp.attention.data());
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    float* middle = save.middle.data() + t * width;
    bf16::product_f32(bf16::row_major(save.o.data() + t * o_stride, o_stride),
                      weight(layer, 1).forward_b(), rows, width, q_width, tmp.branch.data(), width,
                      false);
    bf16::add_residual(x + t * width, tmp.branch.data(), count,
                       dropout(layer, 0, static_cast<std::size_t>(t)), middle);
    Bf16* h2 = save.h2.data() + t * h_stride;
    bf16::rmsnorm(middle, weights + at.post_attention_norm, epsilon, rows, width, h2, h_stride,
                  save.rstd2.data() + t);
    Bf16* gu = save.gu.data() + t * gu_stride;
    bf16::product_bf16(bf16::row_major(h2, h_stride), weight(layer, 2).forward_b(), rows,
                       2 * hidden, width, gu, gu_stride);
    bf16::swiglu(gu, gu_stride, rows, hidden, tmp.act.data(), act_stride);
    bf16::product_f32(bf16::row_major(tmp.act.data(), act_stride), weight(layer, 3).forward_b(),
                      rows, width, hidden, tmp.branch.data(), width, false);
    bf16::add_residual(middle, tmp.branch.data(), count,
                       dropout(layer, 1, static_cast<std::size_t>(t)), out + t * width);
  }
}

void FastNetwork::backward_layer(int layer) {
  State& s = *state_;
  const int width = s.config.width, sequences = s.batch->rows;
  std::memset(s.norm_partials.data(), 0, s.norm_partials.size() * sizeof(float));
  s.each(sequences, [&](int q, int member) { s.backward_sequence(layer, q, member); });
  const NetworkLayout::Layer& at = s.layout.layers[static_cast<std::size_t>(layer)];
  for (int q = 0; q < sequences; ++q) {
    const float* partial = s.norm_partials.data() + static_cast<std::ptrdiff_t>(q) * 2 * width;
    for (int c = 0; c < width; ++c) {
      s.gradients[at.input_norm + static_cast<std::size_t>(c)] += partial[c];
      s.gradients[at.post_attention_norm + static_cast<std::size_t>(c)] += partial[width + c];
    }
  }
  s.multiply_gradients({{&s.d_gate_up, at.gate_up, 2 * s.config.hidden, width},
                        {&s.d_down, at.down, width, s.config.hidden},
                        {&s.d_qkv, at.qkv, s.qkv_width, width},
                        {&s.d_o, at.output, width, s.q_width}},
                       static_cast<int>(s.batch->ids.size()), s.sequence, State::kPiece);
}

void FastNetwork::State::backward_sequence(int layer, int s, int member) {
  const NetworkLayout::Layer& at = layout.layers[static_cast<std::size_t>(layer)];
  SavedLayer& save = saved[static_cast<std::size_t>(layer)];
  Scratch& tmp = scratch[static_cast<std::size_t>(member)];
  const int width = config.width, hidden = config.hidden;
  const float* x = residuals[static_cast<std::size_t>(layer)].data();
  float* d_attention_norm = norm_partials.data() + static_cast<std::ptrdiff_t>(s) * 2 * width;
  float* d_mlp_norm = d_attention_norm + width;
  const std::ptrdiff_t h_stride = spread(width), qkv_stride = spread(qkv_width),
                       o_stride = spread(q_width);
  const std::ptrdiff_t gu_stride = spread(2 * hidden), act_stride = spread(hidden);
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(s) * sequence;
  // Packs one piece of dY and X as the operands of dW.
  const auto keep = [&](GradientOperands& to, std::ptrdiff_t t, int rows, const Bf16* dy,
                        std::ptrdiff_t dy_stride, int n, const Bf16* input,
                        std::ptrdiff_t input_stride, int k) {
    const std::ptrdiff_t blocks = rows / 32;
    bf16::pack_rows_as_left(dy, dy_stride, rows, n, to.left.data() + t * n, 1, blocks);
    bf16::pack_rows(input, input_stride, rows, k, to.right.data() + t * k, 1, blocks);
  };
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    float* d = dx.data() + t * width;
    bf16::convert(d, rows, width, dropout(layer, 1, static_cast<std::size_t>(t)), tmp.dy.data(),
                  h_stride);
    bf16::product_bf16(bf16::row_major(tmp.dy.data(), h_stride), weight(layer, 3).backward_b(),
                       rows, hidden, width, tmp.dact.data(), act_stride);
    bf16::swiglu_backward(save.gu.data() + t * gu_stride, gu_stride, tmp.dact.data(), act_stride,
                          rows, hidden, tmp.dgu.data(), tmp.act.data());
    keep(d_down, t, rows, tmp.dy.data(), h_stride, width, tmp.act.data(), act_stride, hidden);
    bf16::product_f32(bf16::row_major(tmp.dgu.data(), gu_stride), weight(layer, 2).backward_b(),
                      rows, width, 2 * hidden, tmp.branch.data(), width, false);
    keep(d_gate_up, t, rows, tmp.dgu.data(), gu_stride, 2 * hidden, save.h2.data() + t * h_stride,
         h_stride, width);
    bf16::rmsnorm_backward(save.middle.data() + t * width, weights + at.post_attention_norm,
                           save.rstd2.data() + t, tmp.branch.data(), rows, width, d, d_mlp_norm);
    bf16::convert(d, rows, width, dropout(layer, 0, static_cast<std::size_t>(t)), tmp.dy.data(),
                  h_stride);
    bf16::product_bf16(bf16::row_major(tmp.dy.data(), h_stride), weight(layer, 1).backward_b(),
                       rows, q_width, width, tmp.d_o.data() + (t - first) * o_stride, o_stride);
    keep(d_o, t, rows, tmp.dy.data(), h_stride, width, save.o.data() + t * o_stride, o_stride,
         q_width);
  }
  bf16::attention_backward(attention_shape(s), save.qkv.data() + first * qkv_stride,
                           save.o.data() + first * o_stride, save.lse.data() + first * config.heads,
                           tmp.d_o.data(), tmp.dqkv.data(), tmp.attention.data());
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    Bf16* dqkv = tmp.dqkv.data() + (t - first) * qkv_stride;
    bf16::rotate(dqkv, qkv_stride, rows, config.heads + config.kv_heads, config.head_dim,
                 static_cast<int>(t - first), cosines.data(), sines.data(), true);
    bf16::product_f32(bf16::row_major(dqkv, qkv_stride), weight(layer, 0).backward_b(), rows, width,
                      qkv_width, tmp.branch.data(), width, false);
    keep(d_qkv, t, rows, dqkv, qkv_stride, qkv_width, save.h1.data() + t * h_stride, h_stride,
         width);
    bf16::rmsnorm_backward(x + t * width, weights + at.input_norm, save.rstd1.data() + t,
                           tmp.branch.data(), rows, width, dx.data() + t * width, d_attention_norm);
  }
}

// Sums dW over all tokens, which were packed in runs of `run` tokens (sequences), each in pieces of
// at most `piece`. A task owns up to 256 rows of one dW, whose float32 sums stay in the L2 cache,
// and streams the tokens past them; two pieces at a time, so that a block of C is fetched half as
// often and the strips of both operands still fit in the L1 cache.
void FastNetwork::State::multiply_gradients(const std::vector<Product>& products, int tokens,
                                            int run, int piece) {
  std::vector<std::pair<int, int>> pieces;  // first token, count
  for (int at = 0; at < tokens; at += run) {
    const int end = std::min(at + run, tokens);
    for (int t = at; t < end; t += piece) pieces.emplace_back(t, std::min(piece, end - t));
  }
  struct Task {
    Product product;
    int from, rows;
  };
  std::vector<Task> tasks;
  for (const Product& p : products) {
    const int rows = std::max(32, std::min(256, (1 << 18) / p.k / 32 * 32));
    for (int from = 0; from < p.n; from += rows) {
      tasks.push_back({p, from, std::min(rows, p.n - from)});
    }
  }
  each(static_cast<int>(tasks.size()), [&](int index, int) {
    const auto& [product, from, rows] = tasks[static_cast<std::size_t>(index)];
    const int n = product.n, k = product.k;
    float* to = gradients + product.offset + static_cast<std::ptrdiff_t>(from) * k;
    for (std::size_t first = 0; first < pieces.size(); first += 2) {
      const std::size_t last = std::min(first + 2, pieces.size());
      for (int j = 0; j < k; j += 32) {
        for (int i = 0; i < rows; i += 32) {
          for (std::size_t q = first; q < last; ++q) {
            const auto [t, count] = pieces[q];
            const std::ptrdiff_t panel = count / 32 * kTile;
            const Bf16* left = product.operands->left.data() + static_cast<std::ptrdiff_t>(t) * n +
                               (from + i) / 16 * panel;
            const Bf16* right = product.operands->right.data() +
                                static_cast<std::ptrdiff_t>(t) * k + j / 16 * panel;
            bf16::product_block({left, 32, panel, kTile}, {right, panel, kTile}, count,
                                to + static_cast<std::ptrdiff_t>(i) * k + j, k, true);
          }
        }
      }
    }
  });
}

double FastNetwork::head(bool backward, float scale) {
  State& s = *state_;
  constexpr int kRows = 128;       // target rows a thread takes at a time
  constexpr int kPassRows = 4096;  // target rows between two sums into the embedding's gradient
  const int width = s.config.width, vocabulary = s.config.vocabulary;
  const std::ptrdiff_t logit_stride = spread(vocabulary), h_stride = spread(width);
  const auto epsilon = static_cast<float>(s.config.norm_epsilon);
  if (s.head_scratch.empty()) {
    for (int i = 0; i < s.team.size(); ++i) {
      State::HeadScratch h;
      h.x = Array<float>(static_cast<std::size_t>(kRows) * width);
      h.dh = Array<float>(static_cast<std::size_t>(kRows) * width);
      h.h = Array<Bf16>(static_cast<std::size_t>(kRows) * h_stride);
      h.logits = Array<Bf16>(static_cast<std::size_t>(kRows) * logit_stride);
      s.head_scratch.push_back(std::move(h));
    }
  }
  const std::vector<std::int64_t>& rows = s.batch->target_rows;
  if (backward) std::memset(s.dx.data(), 0, s.dx.size() * sizeof(float));
  const float* x = s.residuals.back().data();
  double loss = 0;
  for (int pass = 0; pass < static_cast<int>(rows.size()); pass += kPassRows) {
    const int pass_rows = std::min(kPassRows, static_cast<int>(rows.size()) - pass);
    const int padded = (pass_rows + 31) / 32 * 32;
    const int tasks = (pass_rows + kRows - 1) / kRows;
    if (backward && s.d_embedding.left.size() < static_cast<std::size_t>(padded) * vocabulary) {
      s.d_embedding.left = Array<Bf16>(static_cast<std::size_t>(padded) * vocabulary);
      s.d_embedding.right = Array<Bf16>(static_cast<std::size_t>(padded) * width);
    }
    std::vector<double> losses(static_cast<std::size_t>(tasks));
    Array<float> norm_gradients(static_cast<std::size_t>(tasks) * static_cast<std::size_t>(width));
    s.each(tasks, [&](int task, int member) {
      State::HeadScratch& h = s.head_scratch[static_cast<std::size_t>(member)];
      const int first = task * kRows, real = std::min(kRows, pass_rows - first),
                all = (real + 31) / 32 * 32;
      std::int32_t targets[kRows];
      float rstd[kRows];
      for (int r = 0; r < all; ++r) {
        float* to = h.x.data() + r * width;
        if (r >= real) {
          std::memset(to, 0, static_cast<std::size_t>(width) * sizeof(float));
          continue;
        }
        const std::int64_t row = rows[static_cast<std::size_t>(pass + first + r)];
        std::memcpy(to, x + row * width, static_cast<std::size_t>(width) * sizeof(float));
        targets[r] = s.batch->targets[static_cast<std::size_t>(pass + first + r)];
      }
      bf16::rmsnorm(h.x.data(), s.weights + s.layout.final_norm, epsilon, all, width, h.h.data(),
                    h_stride, rstd);
      bf16::product_bf16(bf16::row_major(h.h.data(), h_stride), s.packed[0].forward_b(), all,
                         vocabulary, width, h.logits.data(), logit_stride);
      losses[static_cast<std::size_t>(task)] = bf16::cross_entropy(
          h.logits.data(), logit_stride, real, vocabulary, targets, scale, backward);
      if (!backward) return;
      for (int r = real; r < all; ++r) {
        std::memset(h.logits.data() + r * logit_stride, 0,
                    static_cast<std::size_t>(vocabulary) * sizeof(Bf16));
      }
      bf16::product_f32(bf16::row_major(h.logits.data(), logit_stride), s.packed[0].backward_b(),
                        all, width, vocabulary, h.dh.data(), width, false);
      bf16::pack_rows_as_left(
          h.logits.data(), logit_stride, all, vocabulary,
          s.d_embedding.left.data() + static_cast<std::ptrdiff_t>(first) * vocabulary, 1, all / 32);
      bf16::pack_rows(h.h.data(), h_stride, all, width,
                      s.d_embedding.right.data() + static_cast<std::ptrdiff_t>(first) * width, 1,
                      all / 32);
      float* d_norm = norm_gradients.data() + static_cast<std::ptrdiff_t>(task) * width;
      for (int r = 0; r < real; ++r) {
        const std::int64_t row = rows[static_cast<std::size_t>(pass + first + r)];
        bf16::rmsnorm_backward(h.x.data() + r * width, s.weights + s.layout.final_norm, rstd + r,
                               h.dh.data() + r * width, 1, width, s.dx.data() + row * width,
                               d_norm);
      }
    });
    for (const double l : losses) loss += l;
    if (!backward) continue;
    for (int task = 0; task < tasks; ++task) {
      for (int c = 0; c < width; ++c) {
        s.gradients[s.layout.final_norm + static_cast<std::size_t>(c)] +=
            norm_gradients[static_cast<std::size_t>(task * width + c)];
      }
    }
    s.multiply_gradients({{&s.d_embedding, s.layout.embedding, vocabulary, width}}, padded, padded,
                         kRows);
  }
  return loss;
}

double FastNetwork::gradient_norm() const {
  State& s = *state_;
  constexpr std::size_t kChunk = 1 << 18;
  const std::size_t chunks = (s.layout.total + kChunk - 1) / kChunk;
  std::vector<double> sums(chunks);
  s.each(static_cast<int>(chunks), [&](int task, int) {
    const std::size_t from = static_cast<std::size_t>(task) * kChunk;
    sums[static_cast<std::size_t>(task)] =
        bf16::sum_of_squares(s.gradients + from, std::min(kChunk, s.layout.total - from));
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void FastNetwork::adamw(const Step& step, float* m, float* v) {
  State& s = *state_;
  constexpr std::size_t kChunk = 1 << 18;
  const auto t = static_cast<double>(step.step);
  bf16::AdamW settings{};
  settings.learning_rate = step.learning_rate;
  settings.beta1 = step.beta1;
  settings.beta2 = step.beta2;
  settings.epsilon = step.epsilon;
  settings.gradient_scale = step.gradient_scale;
  settings.correction1 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta1), t));
  settings.correction2 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta2), t));
  const std::size_t chunks = (s.layout.total + kChunk - 1) / kChunk;
  s.each(static_cast<int>(chunks), [&](int task, int) {
    const std::size_t from = static_cast<std::size_t>(task) * kChunk,
                      to = std::min(from + kChunk, s.layout.total);
    const auto part = [&](std::size_t a, std::size_t b, float decay) {
      if (a >= b) return;
      bf16::AdamW use = settings;
      use.weight_decay = decay;
      bf16::adamw(use, b - a, s.weights + a, s.gradients + a, m + a, v + a);
    };
    part(from, std::min(to, s.layout.matrices), step.weight_decay);
    part(std::max(from, s.layout.matrices), to, 0);
  });
  pack_weights();
}

double measure_product_rate(int threads, double seconds) {
  constexpr int kM = 256, kN = 512, kK = 512;
  ThreadTeam team(threads);
  std::atomic<std::int64_t> products{0};
  const double start = Clock::system().monotonic_s();
  team.run([&](int) {
    bf16::begin_thread();
    Array<Bf16> a(static_cast<std::size_t>(kM) * (kK + 32)), b(kN * kK);
    Array<float> c(kM * kN);
    while (Clock::system().monotonic_s() - start < seconds) {
      bf16::product_f32(bf16::row_major(a.data(), kK + 32), {b.data(), kK / 32 * kTile, kTile}, kM,
                        kN, kK, c.data(), kN, false);
      ++products;
    }
  });
  const double elapsed = Clock::system().monotonic_s() - start;
  return static_cast<double>(products) * 2.0 * kM * kN * kK / elapsed;
}

}  // namespace parley::train
