// The forward pass: any mixture of rows (prompt tokens of some sequences, the next token of others)
// through the model. A row's result depends on its own sequence alone. No memory is allocated after
// construction but cache blocks.
//
// One layer, with its five barriers (|): add the last layer's result, norm, quantise → queries,
// keys and values, rotated and stored | attention, quantised | output projection | add, norm,
// quantise → gate and up, activated, quantised | down projection | With few rows every member
// computes the norms for itself, in its own buffers: that is quicker than a barrier. With many,
// rows are shared out and one barrier more follows each norm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/thread_team.hpp"
#include "nn/model/kv_cache.hpp"
#include "nn/model/model.hpp"

namespace parley::nn {

struct Row {
  std::int32_t token = 0;
  int position = 0;  // earlier positions are in the cache, or earlier in the same batch
  KvSequence* sequence = nullptr;  // has room for `position`
  bool wants_logits = false;
  bool wants_hidden = false;  // the last layer's state after the final norm (embeddings)
};

class ForwardPass {
 public:
  // At most `max_outputs` rows of a batch want logits or the hidden state.
  ForwardPass(const Model& model, const Kernels& kernels, KvCache& cache, ThreadTeam& team,
              int max_rows, int max_outputs);
  int max_rows() const { return max_rows_; }
  int max_outputs() const { return max_outputs_; }
  // REQUIRES: rows.size() <= max_rows(); rows of one sequence are neighbours, in order of position.
  void run(std::span<const Row> rows);
  // Of the i-th row that wanted an output, until the next run(): [vocabulary]; may be changed.
  std::span<float> logits(int i);
  std::span<const float> hidden(int i) const;  // [width]

 private:
  struct Quantised {  // activations as the int8 kernels want them
    AlignedArray<std::int8_t> x;
    AlignedArray<float> scale;
    AlignedArray<std::int32_t> sum;
    int k = 0, group = 0;  // k is padded
    Quantised() = default;
    Quantised(const PackedLinear& consumer, int rows);
  };
  struct State {  // the residual stream and what is made of it for the next linear layer
    AlignedArray<float> hidden, normed;
    Quantised quantised;
  };
  struct Member {
    State state;                  // with few rows
    AlignedArray<float> columns;  // [rows][2·kHiddenUnit]: a unit of gate and up
    AlignedArray<float> scratch;  // a row of the width
    AlignedArray<float> scores, code_scale, inverse;
    AlignedArray<std::int8_t> codes;
    AlignedArray<std::int32_t> code_sum;
    std::vector<const std::byte*> blocks;
    std::vector<const float*> k_blocks, v_blocks;
    std::vector<int> start, length;
    std::vector<float*> out;
  };
  struct Run {  // neighbouring rows of one sequence, attended together
    int first = 0, count = 0;
  };

  State& state(int member);
  void quantise(const float* x, int row, const PackedLinear& consumer, Quantised& into,
                int from = 0, int count = -1) const;
  void linear(const PackedLinear& weights, const Quantised& x, const float* x_f32, int x_stride,
              int n_begin, int n_end, float* y, int y_stride) const;
  void norm(const NormWeights& weights, const float* x, float* y) const;
  void embed(int member);
  // hidden += projected (normed first where the model says so), then norm and quantise.
  void add_and_norm(const NormWeights* out_norm, bool add, const NormWeights& next,
                    const PackedLinear& consumer, int member);
  void project(const Linear& layer, const Quantised& x, const float* x_f32, int x_stride);
  void project_qkv(const Layer& layer, int index, int member);
  void place_head(const Layer& layer, int index, int head, int row);
  void attend(const Layer& layer, int index, int member);
  void attend_run(const Layer& layer, int index, int kv_head, const Run& run, Member& own);
  void attend_run_f32(const Layer& layer, int index, int kv_head, const Run& run, Member& own);
  void feed_forward(const Layer& layer, int member);
  void head(int member);
  void split_runs();
  bool attention_quantises_itself(const Layer& layer) const;

  const Model& model_;
  const Kernels& kernels_;
  KvCache& cache_;
  ThreadTeam& team_;
  int max_rows_, max_outputs_;
  int group_heads_, rows_per_run_;  // query heads per key-value head; rows attended together
  int qkv_stride_, width_stride_, attention_stride_, hidden_stride_, vocabulary_stride_;
  State shared_;                       // with many rows
  AlignedArray<float> qkv_;            // [rows][qkv_stride]
  AlignedArray<float> attention_;      // [rows][attention_stride]
  AlignedArray<float> projected_;      // [rows][width_stride]
  AlignedArray<float> activated_;      // [rows][hidden_stride]; float32 only
  AlignedArray<float> cosine_, sine_;  // [2][rows][rotary / 2]: model's rope, then the local one
  AlignedArray<float> logits_;         // [outputs][vocabulary_stride]
  AlignedArray<float> outputs_;        // [outputs][width]
  Quantised queries_;                  // [kv head][row][query head of the group][dims]
  Quantised q_attention_, q_hidden_, q_outputs_;
  std::vector<Member> members_;
  std::vector<Run> runs_;
  std::vector<int> output_rows_;
  std::span<const Row> rows_;
  bool few_ = false, any_logits_ = false;
};

}  // namespace parley::nn
