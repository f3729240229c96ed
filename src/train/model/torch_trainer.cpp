#include "train/model/torch_trainer.hpp"

#include <malloc.h>

#include <chrono>
#include <cmath>
#include <cstring>

#include "base/cpu.hpp"
#include "train/fast/bf16/network.hpp"
#include "train/model/torch_fused.hpp"
#include "train/model/torch_llama.hpp"

namespace parley::train {
namespace {

using torch::Tensor;

template <typename Value>
Tensor view(const std::vector<Value>& values, torch::ScalarType type) {
  // from_blob wants a mutable pointer; the tensor is only read.
  return torch::from_blob(const_cast<Value*>(values.data()),
                          {static_cast<std::int64_t>(values.size())}, type);
}

TorchBatch to_torch(const Batch& batch) {
  TorchBatch out;
  out.ids = view(batch.ids, torch::kInt32);
  out.first_key = view(batch.first_key, torch::kInt32);
  out.target_rows = view(batch.target_rows, torch::kInt64);
  out.targets = view(batch.targets, torch::kInt32);
  out.batch = batch.rows;
  out.time = batch.sequence;
  return out;
}

bool use_bf16(ComputeType type) {
  if (type == ComputeType::kAuto) return cpu_features().avx512_bf16 || cpu_features().amx_bf16;
  return type == ComputeType::kBf16 || type == ComputeType::kTorchBf16;
}

}  // namespace

struct TorchTrainer::State {
  TrainPlan plan;
  torch::ScalarType type;
  Llama model;
  struct Slot {
    Tensor parameter, master, m, v;
    bool decay;
  };
  std::vector<Slot> slots;
  // With the bfloat16 kernels, weights, gradients and moments are one array each, the module's
  // parameters are views of the first, and the bfloat16 copies live packed inside the network.
  int threads;
  std::unique_ptr<FastNetwork> network;
  Tensor flat, flat_gradient, flat_m, flat_v;

  State(const TrainPlan& p, torch::ScalarType t, int thread_count, bool fused)
      : plan(p), type(t), model(p.model, fused ? torch::kFloat32 : t), threads(thread_count) {
    if (fused) {
      make_network();
      return;
    }
    // The initial weights are drawn in float, so that a bf16 and a float run start from the same
    // model.
    Llama initial(p.model, torch::kFloat32);
    initial->initialise(p.seed);
    const auto from = initial->parameters();
    const auto to = model->parameters();
    for (std::size_t i = 0; i < to.size(); ++i) {
      Slot slot{to[i], from[i].detach().clone().contiguous(), torch::zeros_like(from[i]),
                torch::zeros_like(from[i]), to[i].dim() > 1};
      slots.push_back(slot);
    }
  }

  void make_network() {
    model->initialise(plan.seed);
    const auto [weights, layout] = flatten(model);
    flat = weights;
    flat_gradient = torch::zeros_like(flat), flat_m = torch::zeros_like(flat);
    flat_v = torch::zeros_like(flat);
    for (const Tensor& p : model->parameters()) {
      const std::int64_t offset = p.data_ptr<float>() - flat.data_ptr<float>();
      const auto part = [&](const Tensor& all) {
        return all.narrow(0, offset, p.numel()).view(p.sizes());
      };
      slots.push_back({p, part(flat), part(flat_m), part(flat_v), p.dim() > 1});
    }
    network = std::make_unique<FastNetwork>(plan.model, layout, threads, flat.data_ptr<float>(),
                                            flat_gradient.data_ptr<float>());
  }

  float optimise_fused(double learning_rate, std::int64_t step) {
    const double norm = network->gradient_norm();
    FastNetwork::Step s{};
    s.learning_rate = static_cast<float>(learning_rate);
    s.beta1 = static_cast<float>(plan.beta1);
    s.beta2 = static_cast<float>(plan.beta2);
    s.epsilon = static_cast<float>(plan.epsilon);
    s.weight_decay = static_cast<float>(plan.weight_decay);
    s.gradient_scale = static_cast<float>(norm > plan.clip ? plan.clip / norm : 1.0);
    s.step = step + 1;
    network->adamw(s, flat_m.data_ptr<float>(), flat_v.data_ptr<float>());
    return static_cast<float>(norm);
  }

  void copy_masters() {
    torch::NoGradGuard no_grad;
    if (network) return network->pack_weights();
    for (Slot& slot : slots) slot.parameter.copy_(slot.master);
  }

  template <typename T>
  float optimise(double learning_rate, std::int64_t step) {
    const Kernels<T>& run = kernels<T>();
    double squares = 0;
    std::vector<Tensor> gradients;
    for (Slot& slot : slots) {
      gradients.push_back(slot.parameter.grad().contiguous());
      squares += run.square_sum(static_cast<const T*>(gradients.back().data_ptr()),
                                std::size_t(slot.master.numel()));
    }
    const double norm = std::sqrt(squares);
    typename Kernels<T>::AdamW s{};
    s.learning_rate = static_cast<float>(learning_rate);
    s.beta1 = static_cast<float>(plan.beta1);
    s.beta2 = static_cast<float>(plan.beta2);
    s.epsilon = static_cast<float>(plan.epsilon);
    s.correction1 =
        static_cast<float>(1 / (1 - std::pow(plan.beta1, static_cast<double>(step + 1))));
    s.correction2 =
        static_cast<float>(1 / (1 - std::pow(plan.beta2, static_cast<double>(step + 1))));
    s.gradient_scale = static_cast<float>(norm > plan.clip ? plan.clip / norm : 1.0);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      Slot& slot = slots[i];
      s.weight_decay = static_cast<float>(slot.decay ? plan.weight_decay : 0.0);
      run.adamw(slot.master.data_ptr<float>(), slot.m.data_ptr<float>(), slot.v.data_ptr<float>(),
                static_cast<const T*>(gradients[i].data_ptr()),
                static_cast<T*>(slot.parameter.data_ptr()), std::size_t(slot.master.numel()), s);
      slot.parameter.mutable_grad() = Tensor();
    }
    return static_cast<float>(norm);
  }
};

TorchTrainer::TorchTrainer(const TrainPlan& plan, int threads, ComputeType type) {
  // A step allocates and frees the same hundreds of megabytes; kept in the heap they are not
  // faulted in anew each time.
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TOP_PAD, 64 << 20);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  at::set_num_threads(threads);
  set_kernel_threads(threads);
  const bool bf16 = use_bf16(type);
  const bool fused =
      bf16 && type != ComputeType::kTorchBf16 && FastNetwork::supports(plan.model, plan.sequence);
  state_ = std::make_unique<State>(plan, bf16 ? torch::kBFloat16 : torch::kFloat32, threads, fused);
  state_->copy_masters();
}

TorchTrainer::~TorchTrainer() = default;

StepResult TorchTrainer::step(const Batch& batch, double learning_rate, std::int64_t step) {
  StepResult result;
  if (batch.targets.empty()) return result;
  const auto key =
      static_cast<std::uint32_t>((state_->plan.seed * 0x9E3779B97F4A7C15ull +
                                  static_cast<std::uint64_t>(step) * 0xD1B54A32D192ED03ull) >>
                                 32);
  if (state_->network) {
    result.loss = static_cast<float>(fused_forward_backward(
        *state_->network, state_->model->embedding, state_->plan.model.layers,
        state_->plan.model.width, batch, static_cast<float>(state_->plan.dropout), key));
    result.gradient_norm = state_->optimise_fused(learning_rate, step);
    return result;
  }
  const Tensor loss =
      state_->model->loss(to_torch(batch), static_cast<float>(state_->plan.dropout), key);
  loss.backward();
  result.loss = loss.item<float>();
  result.gradient_norm = state_->type == torch::kBFloat16
                             ? state_->optimise<Bf16>(learning_rate, step)
                             : state_->optimise<float>(learning_rate, step);
  return result;
}

EvalResult TorchTrainer::evaluate(const Batch& batch, TokenScores* scores) {
  EvalResult result;
  result.targets = static_cast<std::int64_t>(batch.targets.size());
  if (result.targets == 0) return result;
  torch::NoGradGuard no_grad;
  if (state_->network && !scores) {
    result.loss_sum = fused_loss_sum(*state_->network, state_->plan.model.layers, batch);
    return result;
  }
  const Tensor y = state_->model->hidden(to_torch(batch), 0, 0);
  const Tensor table = state_->model->embedding;
  std::vector<float> loss(batch.targets.size());
  std::vector<std::int32_t> argmax(batch.targets.size());
  constexpr std::int64_t kRows = 1024;
  for (std::int64_t at = 0; at < result.targets; at += kRows) {
    const auto count = std::min(kRows, result.targets - at);
    Tensor logits = torch::linear(y.narrow(0, at, count), table);
    const auto run = [&](auto type) {
      using T = decltype(type);
      result.loss_sum += kernels<T>().cross_entropy(
          static_cast<T*>(logits.data_ptr()), batch.targets.data() + at, static_cast<int>(count),
          static_cast<int>(table.size(0)), 1.0f, loss.data() + at, argmax.data() + at);
    };
    if (logits.scalar_type() == torch::kBFloat16) {
      run(Bf16{});
    } else {
      run(float{});
    }
  }
  if (scores) {
    scores->loss = std::move(loss);
    scores->argmax = std::move(argmax);
  }
  return result;
}

std::vector<FloatArray> TorchTrainer::state() {
  std::vector<FloatArray> out;
  for (State::Slot& slot : state_->slots) {
    for (Tensor* tensor : {&slot.master, &slot.m, &slot.v}) {
      out.push_back({tensor->data_ptr<float>(), static_cast<std::size_t>(tensor->numel())});
    }
  }
  return out;
}

void TorchTrainer::weights_changed() {
  state_->copy_masters();
}

void TorchTrainer::set_weight(const std::string& name, const float* values, std::size_t count) {
  torch::NoGradGuard no_grad;
  // Names are those of the module with the float masters in place of its parameters.
  Llama shadow(state_->plan.model, torch::kFloat32);
  auto parameters = shadow->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].set_data(state_->slots[i].master);
  for (auto& [known, tensor] : named_weights(shadow)) {
    if (known != name) continue;
    TORCH_CHECK(static_cast<std::size_t>(tensor.numel()) == count, "weight ", name,
                " has another size");
    tensor.copy_(torch::from_blob(const_cast<float*>(values), tensor.sizes(), torch::kFloat32));
    return;
  }
  TORCH_CHECK(false, "no weight named ", name);
}

std::vector<SavedWeight> TorchTrainer::weights() const {
  torch::NoGradGuard no_grad;
  Llama shadow(state_->plan.model, torch::kFloat32);
  auto parameters = shadow->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    parameters[i].set_data(state_->slots[i].master);
  std::vector<SavedWeight> out;
  for (const auto& [name, tensor] : named_weights(shadow)) {
    const Tensor saved = tensor.to(torch::kBFloat16).contiguous();
    SavedWeight weight{name, saved.sizes().vec(),
                       std::vector<std::uint16_t>(static_cast<std::size_t>(saved.numel()))};
    std::memcpy(weight.bf16.data(), saved.data_ptr(), weight.bf16.size() * 2);
    out.push_back(std::move(weight));
  }
  return out;
}

std::string TorchTrainer::compute_type() const {
  if (state_->network) return std::string("bf16 (") + FastNetwork::kernel() + ")";
  return state_->type == torch::kBFloat16 ? "bf16" : "float32";
}

std::int64_t TorchTrainer::parameters() const {
  return state_->plan.model.parameters();
}

double TorchTrainer::flops(const Batch& batch) const {
  const nn::ModelConfig& c = state_->plan.model;
  const double rows = static_cast<double>(batch.rows) * batch.sequence;
  const double layer =
      double(c.width) * c.head_dim * (2 * c.heads + 2 * c.kv_heads) + 3.0 * c.width * c.hidden;
  const double attention = 2.0 * batch.sequence * c.heads * c.head_dim;  // q·k and p·v, all keys
  const double head = static_cast<double>(batch.targets.size()) * c.vocabulary * c.width;
  return 6.0 * (rows * c.layers * (layer + attention) + head);
}

double TorchTrainer::measure_peak() const {
  if (state_->network) return measure_product_rate(state_->threads, 0.3);
  torch::NoGradGuard no_grad;
  constexpr std::int64_t n = 2048;
  const Tensor a = torch::randn({n, n}).to(state_->type), b = torch::randn({n, n}).to(state_->type);
  double best = 0;
  for (int i = 0; i < 6; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const Tensor c = torch::linear(a, b);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i > 0) best = std::max(best, 2.0 * n * n * n / seconds);
  }
  return best;
}

}  // namespace parley::train
