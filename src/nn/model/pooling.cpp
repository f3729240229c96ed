#include "nn/model/pooling.hpp"

namespace parley::nn {

std::optional<Pooling> pooling_named(std::string_view name) {
  if (name == "last") return Pooling::kLast;
  if (name == "mean") return Pooling::kMean;
  if (name == "first") return Pooling::kFirst;
  return std::nullopt;
}

}  // namespace parley::nn
