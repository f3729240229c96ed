// The element-wise work of training, fused and vectorised: what PyTorch would do in many passes
// over memory. Matrix products stay with torch (oneDNN uses AMX or AVX-512 for bf16). kernels.inl
// is compiled once per instruction set; these functions split rows over threads and pick the set
// once.
//
// `T` is the storage type of activations and weights: Bf16 where the processor has bf16 matrix
// units, float elsewhere. All arithmetic is float. Results do not depend on timing: partial sums
// are per thread, added in thread order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::train {

struct Bf16 {
  std::uint16_t bits;
};

struct Dropout {
  float rate = 0;         // 0: off
  std::uint32_t key = 0;  // differs per step and place; the same key gives the same mask
};

template <typename T>
struct Kernels {
  // x_out = x + drop(delta) (x where delta is null); y = x_out · rms⁻¹ · weight. [rows][n]; rstd
  // [rows] is kept.
  void (*add_norm)(const float* x, const T* delta, const T* weight, Dropout drop, float epsilon,
                   int rows, int n, float* x_out, T* y, float* rstd);
  // dx = dx_out + d(norm)(dy); ddelta = drop(dx). dweight_partial [parts][n] is written per thread
  // part.
  void (*add_norm_backward)(const float* x_out, const T* weight, const float* rstd, const T* dy,
                            const float* dx_out, Dropout drop, int rows, int n, float* dx,
                            T* ddelta, float* dweight);
  // qkv [batch·time][(heads + 2 kv_heads)·dim] → rotated q [batch][kv][group·time][dim] scaled by
  // 1/√dim, rotated k and v [batch][kv][time][dim].
  void (*split_rotate)(const T* qkv, const float* cosine, const float* sine, int batch, int time,
                       int heads, int kv_heads, int dim, T* q, T* k, T* v);
  void (*split_rotate_backward)(const T* dq, const T* dk, const T* dv, const float* cosine,
                                const float* sine, int batch, int time, int heads, int kv_heads,
                                int dim, T* dqkv);
  // In place over rows of scores: softmax over keys first_key[b·time + t] … t, zero elsewhere.
  // `rows` = batch·kv·group·time.
  void (*causal_softmax)(T* scores, const std::int32_t* first_key, int batch, int kv_heads,
                         int group, int time);
  // dscores = p · (dp − Σ dp·p), in place over dp.
  void (*softmax_backward)(const T* p, T* dp, const std::int32_t* first_key, int batch,
                           int kv_heads, int group, int time);
  // [batch][kv][group·time][dim] ↔ [batch·time][heads·dim]
  void (*merge_heads)(const T* in, int batch, int time, int kv_heads, int group, int dim, T* out);
  void (*split_heads)(const T* in, int batch, int time, int kv_heads, int group, int dim, T* out);
  // gate_up [rows][2·hidden] → silu(gate)·up [rows][hidden]
  void (*swiglu)(const T* gate_up, int rows, int hidden, T* out);
  void (*swiglu_backward)(const T* gate_up, const T* dout, int rows, int hidden, T* dgate_up);
  // In place: logits become dloss/dlogits · scale. Returns Σ −log p(target); `loss` [rows] may be
  // null.
  double (*cross_entropy)(T* logits, const std::int32_t* target, int rows, int vocabulary,
                          float scale, float* loss, std::int32_t* argmax);
  void (*embed)(const T* table, const std::int32_t* ids, int rows, int n, float* out);
  void (*embed_backward)(const float* dx, const std::int32_t* ids, int rows, int n, int vocabulary,
                         T* dtable);
  double (*square_sum)(const T* x, std::size_t n);
  // One AdamW step with decoupled weight decay on the float32 master copy, which is then stored to
  // `param`.
  struct AdamW {
    float learning_rate, beta1, beta2, epsilon, weight_decay, correction1, correction2,
        gradient_scale;
  };
  void (*adamw)(float* master, float* m, float* v, const T* gradient, T* param, std::size_t n,
                const AdamW& step);
};

template <typename T>
const Kernels<T>& kernels();  // for this processor

void set_kernel_threads(int threads);
int kernel_threads();

}  // namespace parley::train
