// The forward pass: any mixture of rows (prompt tokens of some sequences, the next token of others)
// through the model. A row's result depends on its own sequence alone. No memory is allocated after
// construction but cache blocks.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_team.hpp"
#include "nn/kv_cache.hpp"
#include "nn/model.hpp"

namespace parley::nn {

struct Row {
  std::int32_t token = 0;
  int position = 0;  // earlier positions are in the cache, or earlier in the same batch
  KvSequence* sequence = nullptr;  // has room for `position`
  float* logits = nullptr;         // [vocabulary], or null where none are wanted
};

class ForwardPass {
 public:
  ForwardPass(const Model& model, const Kernels& kernels, KvCache& cache, ThreadTeam& team,
              int max_rows);
  int max_rows() const { return max_rows_; }
  // REQUIRES: rows.size() <= max_rows(); rows of one sequence in order of position.
  void run(std::span<const Row> rows);

 private:
  struct Quantised {  // activations as the int8 kernels want them
    AlignedArray<std::int8_t> x;
    AlignedArray<float> scale;
    AlignedArray<std::int32_t> sum;
    int k = 0;  // padded
  };
  Quantised make_quantised(int k) const;
  void quantise_row(const float* x, int k, int row, Quantised& into) const;
  void linear(const PackedLinear& weights, const Quantised& x, const float* x_f32, int x_stride,
              int rows, float* y, int y_stride, int member) const;
  void rotate_and_store(const Row& row, int index, int layer);
  void attend(std::span<const Row> rows, int layer, int member);
  void layer(std::span<const Row> rows, int index, int member);
  void head(std::span<const Row> rows, int member);

  const Model& model_;
  const Kernels& kernels_;
  KvCache& cache_;
  ThreadTeam& team_;
  int max_rows_;
  int qkv_stride_, hidden_stride_, width_stride_, vocabulary_stride_, attention_width_;
  AlignedArray<float> hidden_state_;  // [rows][width]
  AlignedArray<float> normed_;        // [rows][width]
  AlignedArray<float> qkv_, attention_, projected_, gate_up_, activated_, logits_;
  Quantised q_width_, q_attention_, q_hidden_;
  std::vector<AlignedArray<float>> scores_;                     // per member
  std::vector<std::vector<const float*>> k_blocks_, v_blocks_;  // per member
  std::vector<int> head_rows_;                                  // rows that want logits
};

}  // namespace parley::nn
