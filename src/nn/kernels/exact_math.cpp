#include "nn/kernels/exact_math.hpp"

#include <cmath>

namespace parley::nn {
namespace {

constexpr double kMagic = 6755399441055744.0;  // 1.5·2^52
double rint_double(double x) {
  return (x + kMagic) - kMagic;
}

}  // namespace

// ln x for x > 0: x = m·2^e with m in [√½, √2), ln m = 2 atanh((m-1)/(m+1)) as a series.
double exact_log_double(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int e = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFull) | 0x3FF0000000000000ull);
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    ++e;
  }
  const double t = (m - 1.0) / (m + 1.0);
  const double t2 = t * t;
  double sum = 0.0;
  for (int k = 21; k >= 1; k -= 2) sum = sum * t2 + 1.0 / k;
  return 2.0 * t * sum + static_cast<double>(e) * 0.69314718055994531;
}

// e^x for |x| < 700: reduction by ln 2 in two parts, then the Taylor series to degree 13.
double exact_exp_double(double x) {
  const double n = rint_double(x * 1.4426950408889634);
  double r = x - n * 0.693147180369123816490;
  r = r - n * 1.90821492927058770002e-10;
  double p = 1.0;
  for (int k = 13; k >= 1; --k) p = p * (r / k) + 1.0;
  return p * std::bit_cast<double>(static_cast<std::uint64_t>(1023 + static_cast<int>(n)) << 52);
}

float exact_sqrt(float x) {
  return __builtin_sqrtf(x);
}

void exact_cos_sin(float angle, float& cosine, float& sine) {
  const double x = angle;
  // Reduce by multiples of π/2, given in three parts (33 bits each but the last): exact enough past
  // 2^20.
  const double n = rint_double(x * 0.63661977236758134308);
  double r = x - n * 1.57079632673412561417;
  r = r - n * 6.07710050630396597660e-11;
  r = r - n * 2.02226624879595063154e-21;
  const double r2 = r * r;
  double s = 1.0, c = 1.0;
  for (int k = 17; k >= 3; k -= 2) s = 1.0 - s * (r2 / (k * (k - 1)));
  s = s * r;
  for (int k = 16; k >= 2; k -= 2) c = 1.0 - c * (r2 / (k * (k - 1)));
  switch (static_cast<std::int64_t>(n) & 3) {
    case 0:
      cosine = static_cast<float>(c), sine = static_cast<float>(s);
      return;
    case 1:
      cosine = static_cast<float>(-s), sine = static_cast<float>(c);
      return;
    case 2:
      cosine = static_cast<float>(-c), sine = static_cast<float>(-s);
      return;
    default:
      cosine = static_cast<float>(s), sine = static_cast<float>(-c);
      return;
  }
}

}  // namespace parley::nn
