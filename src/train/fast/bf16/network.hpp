// Forward and backward of a whole Llama model on the bfloat16 kernels, a layer at a time, over a
// team of threads. Each thread carries a sequence through a layer while its activations are in the
// L2 cache; weight gradients are summed afterwards, each element over all tokens in one fixed
// order, so results do not depend on the number of threads.
//
// Thread-safety: one call at a time. The residual stream and everything saved for the backward pass
// live here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "nn/model/model_config.hpp"
#include "train/tokens/packer.hpp"

namespace parley::train {

// Where each matrix lies in the flat float32 weights, in floats. Matrices come before norms.
struct NetworkLayout {
  struct Layer {
    std::size_t qkv, output, gate_up, down, input_norm, post_attention_norm;
  };
  std::size_t embedding = 0, final_norm = 0;
  std::vector<Layer> layers;
  std::size_t matrices = 0;  // floats before the first norm: what weight decay applies to
  std::size_t total = 0;
};

class FastNetwork {
 public:
  // Whether the processor and the shape (all sizes and the rows' length multiples of 32, tied
  // embeddings) allow it.
  static bool supports(const nn::ModelConfig& config, int sequence);
  static const char* kernel();  // "AMX" or "AVX-512": what multiplies

  FastNetwork(const nn::ModelConfig& config, const NetworkLayout& layout, int threads,
              float* weights, float* gradients);
  ~FastNetwork();

  void pack_weights();  // after the float32 weights changed
  // Points the following calls at `batch`, which must outlive them. dropout 0: off.
  void begin(const Batch& batch, float dropout, std::uint32_t dropout_key);

  float* residual(int layer);     // [tokens][width]: the input of `layer`; of `layers`: the last
                                  // one's output
  float* residual_gradient();     // [tokens][width]
  void embed();                   // fills residual(0)
  void forward_layer(int layer);  // residual(layer) -> residual(layer + 1)
  // Sum of the losses over the batch's targets. With `backward`, fills residual_gradient() and adds
  // to the gradients of the final norm and the embedding, all of `scale` times that sum.
  double head(bool backward, float scale);
  void backward_layer(int layer);  // in place on residual_gradient(); adds to the layer's gradients
  void backward_embedding();

  double gradient_norm() const;
  struct Step {
    float learning_rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
    std::int64_t step;  // from 1
  };
  void adamw(const Step& step, float* m, float* v);  // also clears the gradients, packs the weights

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Dense bfloat16 product rate of this machine, FLOP/s, measured over about `seconds`.
double measure_product_rate(int threads, double seconds);

}  // namespace parley::train
