#include "nn/model/rope.hpp"

#include <algorithm>

#include "nn/kernels/exact_math.hpp"

namespace parley::nn {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Where, among the pairs, the wave turns `rotations` times within the original context.
double correction_pair(double rotations, int dims, double theta, int context) {
  return dims * exact_log_double(context / (rotations * 2.0 * kPi)) /
         (2.0 * exact_log_double(theta));
}

double floor_of(double x) {
  const auto whole = static_cast<double>(static_cast<long long>(x));
  return whole > x ? whole - 1.0 : whole;
}

double yarn(const RopeScaling& s, int pair, int dims, double theta, double frequency) {
  double low = floor_of(correction_pair(s.beta_fast, dims, theta, s.original_context));
  double high = 0.0 - floor_of(0.0 - correction_pair(s.beta_slow, dims, theta, s.original_context));
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dims - 1));
  if (low == high) high += 0.001;
  const double ramp = std::clamp((pair - low) / (high - low), 0.0, 1.0);
  return frequency / s.factor * ramp + frequency * (1.0 - ramp);
}

double llama3(const RopeScaling& s, double frequency) {
  const double wave = 2.0 * kPi / frequency;
  if (wave < s.original_context / s.high_freq_factor) return frequency;
  if (wave > s.original_context / s.low_freq_factor) return frequency / s.factor;
  const double smooth =
      (s.original_context / wave - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
  return (1.0 - smooth) * frequency / s.factor + smooth * frequency;
}

}  // namespace

void Rope::turn(int position, float* cosine, float* sine) const {
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    exact_cos_sin(static_cast<float>(position) * frequency[i], cosine[i], sine[i]);
    cosine[i] = cosine[i] * factor;
    sine[i] = sine[i] * factor;
  }
}

Rope make_rope(const ModelConfig& c, bool local, int context) {
  const double theta = local ? c.local_rope_theta : c.rope_theta;
  const RopeScaling scaling = local ? RopeScaling{} : c.rope_scaling;
  const int dims = c.rotary();
  Rope out;
  for (int pair = 0; pair < dims / 2; ++pair) {
    double f = exact_exp_double(-(2.0 * pair / dims) * exact_log_double(theta));
    switch (scaling.type) {
      case RopeType::kNone:
        break;
      case RopeType::kLinear:
        f = f / scaling.factor;
        break;
      case RopeType::kLlama3:
        f = llama3(scaling, f);
        break;
      case RopeType::kYarn:
        f = yarn(scaling, pair, dims, theta, f);
        break;
      case RopeType::kLongRope: {
        const bool longer = context > scaling.original_context;
        f = f /
            (longer ? scaling.long_factor : scaling.short_factor)[static_cast<std::size_t>(pair)];
        break;
      }
    }
    out.frequency.push_back(static_cast<float>(f));
  }
  double factor = scaling.attention_factor;
  if (factor <= 0.0) {
    factor = 1.0;
    if (scaling.type == RopeType::kYarn && scaling.factor > 1.0)
      factor = 0.1 * exact_log_double(scaling.factor) + 1.0;
    if (scaling.type == RopeType::kLongRope && scaling.factor > 1.0) {
      const double ratio = exact_log_double(scaling.factor) /
                           exact_log_double(static_cast<double>(scaling.original_context));
      factor = __builtin_sqrt(1.0 + ratio);
    }
  }
  out.factor = static_cast<float>(factor);
  return out;
}

}  // namespace parley::nn
