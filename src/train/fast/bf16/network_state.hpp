// What a network holds between calls: packed weights, the activations that the backward pass needs,
// and each thread's scratch. Shared by the files network*.cpp alone.
#pragma once

#include <functional>
#include <vector>

#include "base/thread_team.hpp"
#include "nn/kernels/aligned.hpp"
#include "train/fast/bf16/bf16.hpp"
#include "train/fast/bf16/network.hpp"

namespace parley::train {

// Rows of a power-of-two size land in few cache sets; 32 more elements spread them.
inline std::ptrdiff_t spread(std::ptrdiff_t columns) {
  return columns % 256 == 0 ? columns + 32 : columns;
}

template <typename T>
using Array = nn::AlignedArray<T>;

struct PackedWeight {
  Array<bf16::Bf16> forward, backward;
  std::size_t offset = 0;  // in the float32 weights
  int n = 0, k = 0;
  bf16::Rhs forward_b() const { return {forward.data(), k / 32 * bf16::kTile, bf16::kTile}; }
  bf16::Rhs backward_b() const { return {backward.data(), n / 32 * bf16::kTile, bf16::kTile}; }
};

struct SavedLayer {  // what the backward pass needs, per token
  Array<float> middle, rstd1, rstd2, lse;
  Array<bf16::Bf16> h1, qkv, o, h2, gu;
};

// One weight gradient dW[n][k] = dY^T X, both operands packed tile by tile over all tokens.
struct GradientOperands {
  // Piece after piece of tokens, each contiguous: tiles [n16][token32] and [k16][token32].
  Array<bf16::Bf16> left, right;
};

struct FastNetwork::State {
  State(const nn::ModelConfig& config, const NetworkLayout& layout, int threads, float* weights,
        float* gradients);

  // Runs work(task, member) for every task; members take the next one as they come free.
  void each(int tasks, const std::function<void(int, int)>& work);

  // Room for batches of `tokens` tokens in rows of `length`.
  void resize(int tokens, int length);

  bf16::AttentionShape attention_shape(int sequence_index) const {
    return {sequence,
            config.heads,
            config.kv_heads,
            config.head_dim,
            batch ? batch->first_key.data() + static_cast<std::ptrdiff_t>(sequence_index) * sequence
                  : nullptr,
            spread(qkv_width),
            spread(q_width)};
  }

  bf16::Dropout dropout(int layer, int site, std::size_t first_token) const;

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
    Array<bf16::Bf16> act, dact, dgu, dy, d_o, dqkv;
  };
  struct HeadScratch {
    Array<float> x, dh;
    Array<bf16::Bf16> h, logits;
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

}  // namespace parley::train
