#include "train/model/torch_ops.hpp"

namespace parley::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Runs `call` with the storage type of `like` as its template argument.
template <typename Call>
auto with_type(const Tensor& like, const Call& call) {
  return like.scalar_type() == torch::kBFloat16 ? call(Bf16{}) : call(float{});
}
template <typename T>
T* data(const Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

struct Embed : torch::autograd::Function<Embed> {
  static Tensor forward(AutogradContext* context, const Tensor& ids, const Tensor& table) {
    const auto rows = ids.size(0), width = table.size(1);
    Tensor out = torch::empty({rows, width}, torch::kFloat32);
    with_type(table, [&](auto type) {
      using T = decltype(type);
      kernels<T>().embed(data<T>(table), data<std::int32_t>(ids), static_cast<int>(rows),
                         static_cast<int>(width), data<float>(out));
    });
    context->save_for_backward({ids});
    context->saved_data["vocabulary"] = table.size(0);
    context->saved_data["bf16"] = table.scalar_type() == torch::kBFloat16;
    return out;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor ids = context->get_saved_variables()[0];
    const Tensor dx = gradients[0].contiguous();
    const auto vocabulary = context->saved_data["vocabulary"].toInt();
    Tensor dtable =
        torch::empty({vocabulary, dx.size(1)},
                     context->saved_data["bf16"].toBool() ? torch::kBFloat16 : torch::kFloat32);
    with_type(dtable, [&](auto type) {
      using T = decltype(type);
      kernels<T>().embed_backward(data<float>(dx), data<std::int32_t>(ids),
                                  static_cast<int>(dx.size(0)), static_cast<int>(dx.size(1)),
                                  static_cast<int>(vocabulary), data<T>(dtable));
    });
    return {Tensor(), dtable};
  }
};

struct AddNorm : torch::autograd::Function<AddNorm> {
  static tensor_list forward(AutogradContext* context, const Tensor& x, const Tensor& delta,
                             const Tensor& weight, double epsilon, double rate, std::int64_t key) {
    const auto rows = x.size(0), width = x.size(1);
    Tensor x_out = torch::empty_like(x), y = torch::empty({rows, width}, weight.scalar_type());
    Tensor rstd = torch::empty({rows}, torch::kFloat32);
    const Dropout dropout{static_cast<float>(rate), static_cast<std::uint32_t>(key)};
    with_type(weight, [&](auto type) {
      using T = decltype(type);
      kernels<T>().add_norm(data<float>(x), delta.numel() > 0 ? data<T>(delta) : nullptr,
                            data<T>(weight), dropout, static_cast<float>(epsilon),
                            static_cast<int>(rows), static_cast<int>(width), data<float>(x_out),
                            data<T>(y), data<float>(rstd));
    });
    context->save_for_backward({x_out, weight, rstd});
    context->saved_data["rate"] = rate;
    context->saved_data["key"] = key;
    context->saved_data["delta"] = delta.numel() > 0;
    return {x_out, y};
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor x_out = saved[0], weight = saved[1], rstd = saved[2];
    const Tensor dx_out = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
    const auto rows = x_out.size(0), width = x_out.size(1);
    const Tensor dy = gradients[1].defined() ? gradients[1].contiguous()
                                             : torch::zeros({rows, width}, weight.options());
    const bool has_delta = context->saved_data["delta"].toBool();
    Tensor dx = torch::empty_like(x_out), dweight = torch::empty({width}, torch::kFloat32);
    Tensor ddelta = has_delta ? torch::empty({rows, width}, weight.scalar_type()) : Tensor();
    const Dropout dropout{static_cast<float>(context->saved_data["rate"].toDouble()),
                          static_cast<std::uint32_t>(context->saved_data["key"].toInt())};
    with_type(weight, [&](auto type) {
      using T = decltype(type);
      kernels<T>().add_norm_backward(data<float>(x_out), data<T>(weight), data<float>(rstd),
                                     data<T>(dy), dx_out.defined() ? data<float>(dx_out) : nullptr,
                                     dropout, static_cast<int>(rows), static_cast<int>(width),
                                     data<float>(dx), has_delta ? data<T>(ddelta) : nullptr,
                                     data<float>(dweight));
    });
    return {dx, ddelta, dweight.to(weight.scalar_type()), Tensor(), Tensor(), Tensor()};
  }
};

struct Attention : torch::autograd::Function<Attention> {
  static Tensor forward(AutogradContext* context, const Tensor& qkv, const Tensor& cosine,
                        const Tensor& sine, const Tensor& first_key,
                        std::vector<std::int64_t> shape) {
    const auto b = shape[0], t = shape[1], h = shape[2], kv = shape[3], d = shape[4], g = h / kv;
    const auto options = qkv.options().requires_grad(false);
    Tensor q = torch::empty({b * kv, g * t, d}, options), k = torch::empty({b * kv, t, d}, options);
    Tensor v = torch::empty({b * kv, t, d}, options), out = torch::empty({b * t, h * d}, options);
    with_type(qkv, [&](auto type) {
      using T = decltype(type);
      const Kernels<T>& run = kernels<T>();
      run.split_rotate(data<T>(qkv), data<float>(cosine), data<float>(sine), int(b), int(t), int(h),
                       int(kv), int(d), data<T>(q), data<T>(k), data<T>(v));
    });
    Tensor p = torch::bmm(q, k.transpose(1, 2));
    Tensor o;
    with_type(qkv, [&](auto type) {
      using T = decltype(type);
      kernels<T>().causal_softmax(data<T>(p), data<std::int32_t>(first_key), int(b), int(kv),
                                  int(g), int(t));
      o = torch::bmm(p, v);
      kernels<T>().merge_heads(data<T>(o), int(b), int(t), int(kv), int(g), int(d), data<T>(out));
    });
    context->save_for_backward({q, k, v, p, cosine, sine, first_key});
    context->saved_data["shape"] = shape;
    return out;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor q = saved[0], k = saved[1], v = saved[2], p = saved[3];
    const auto shape = context->saved_data["shape"].toIntVector();
    const auto b = shape[0], t = shape[1], h = shape[2], kv = shape[3], d = shape[4], g = h / kv;
    const Tensor dout = gradients[0].contiguous();
    Tensor d_o = torch::empty_like(q), dqkv = torch::empty({b * t, (h + 2 * kv) * d}, q.options());
    with_type(q, [&](auto type) {
      using T = decltype(type);
      const Kernels<T>& run = kernels<T>();
      run.split_heads(data<T>(dout), int(b), int(t), int(kv), int(g), int(d), data<T>(d_o));
      const Tensor dv = torch::bmm(p.transpose(1, 2), d_o);
      Tensor ds = torch::bmm(d_o, v.transpose(1, 2));
      run.softmax_backward(data<T>(p), data<T>(ds), data<std::int32_t>(saved[6]), int(b), int(kv),
                           int(g), int(t));
      const Tensor dq = torch::bmm(ds, k), dk = torch::bmm(ds.transpose(1, 2), q);
      run.split_rotate_backward(data<T>(dq), data<T>(dk), data<T>(dv), data<float>(saved[4]),
                                data<float>(saved[5]), int(b), int(t), int(h), int(kv), int(d),
                                data<T>(dqkv));
    });
    return {dqkv, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

struct SwiGlu : torch::autograd::Function<SwiGlu> {
  static Tensor forward(AutogradContext* context, const Tensor& gate_up) {
    const auto rows = gate_up.size(0), hidden = gate_up.size(1) / 2;
    Tensor out = torch::empty({rows, hidden}, gate_up.options().requires_grad(false));
    with_type(gate_up, [&](auto type) {
      using T = decltype(type);
      kernels<T>().swiglu(data<T>(gate_up), int(rows), int(hidden), data<T>(out));
    });
    context->save_for_backward({gate_up});
    return out;
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const Tensor gate_up = context->get_saved_variables()[0], dout = gradients[0].contiguous();
    Tensor d = torch::empty_like(gate_up);
    with_type(gate_up, [&](auto type) {
      using T = decltype(type);
      kernels<T>().swiglu_backward(data<T>(gate_up), data<T>(dout), int(dout.size(0)),
                                   int(dout.size(1)), data<T>(d));
    });
    return {d};
  }
};

// 2,048 rows of an 8,192-token vocabulary in bf16 are 32 MiB: large enough for the matrix units,
// small enough to stay near the last-level cache.
constexpr std::int64_t kLogitElements = 16 << 20;

struct LinearCrossEntropy : torch::autograd::Function<LinearCrossEntropy> {
  static Tensor forward(AutogradContext* context, const Tensor& y, const Tensor& table,
                        const Tensor& target) {
    const auto rows = y.size(0), vocabulary = table.size(0);
    const auto chunk = std::max<std::int64_t>(64, kLogitElements / vocabulary);
    Tensor dy = torch::empty_like(y), dtable;
    double total = 0;
    for (std::int64_t at = 0; at < rows; at += chunk) {
      const auto count = std::min(chunk, rows - at);
      const Tensor part = y.narrow(0, at, count);
      Tensor logits = torch::linear(part, table);
      with_type(y, [&](auto type) {
        using T = decltype(type);
        total += kernels<T>().cross_entropy(data<T>(logits), data<std::int32_t>(target) + at,
                                            int(count), int(vocabulary),
                                            1.0f / static_cast<float>(rows), nullptr, nullptr);
      });
      dy.narrow(0, at, count).copy_(torch::mm(logits, table));
      const Tensor d = torch::mm(logits.t(), part);
      dtable = dtable.defined() ? dtable.add_(d) : d;
    }
    context->save_for_backward({dy, dtable});
    return torch::full({}, total / static_cast<double>(rows), torch::kFloat32);
  }
  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const float scale = gradients[0].item<float>();
    if (scale == 1.0f) return {saved[0], saved[1], Tensor()};
    return {saved[0] * scale, saved[1] * scale, Tensor()};
  }
};

}  // namespace

Tensor embed(const Tensor& ids, const Tensor& table) {
  return Embed::apply(ids, table);
}

AddNormResult add_norm(const Tensor& x, const Tensor& delta, const Tensor& weight, double epsilon,
                       Dropout dropout) {
  // Autograd cannot carry an undefined tensor: an empty one stands for no delta.
  const Tensor second = delta.defined() ? delta : torch::empty({0});
  const tensor_list out =
      AddNorm::apply(x, second, weight, epsilon, double{dropout.rate}, std::int64_t{dropout.key});
  return {out[0], out[1]};
}

Tensor attention(const Tensor& qkv, const Tensor& cosine, const Tensor& sine,
                 const Tensor& first_key, AttentionShape s) {
  return Attention::apply(qkv, cosine, sine, first_key,
                          std::vector<std::int64_t>{s.batch, s.time, s.heads, s.kv_heads, s.dim});
}

Tensor swiglu(const Tensor& gate_up) {
  return SwiGlu::apply(gate_up);
}

Tensor linear_cross_entropy(const Tensor& y, const Tensor& table, const Tensor& target) {
  return LinearCrossEntropy::apply(y, table, target);
}

}  // namespace parley::train
