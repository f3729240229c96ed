// How the hidden states of a text become its embedding.
#pragma once

#include <optional>
#include <string_view>

namespace parley::nn {

enum class Pooling { kLast, kMean, kFirst };
std::optional<Pooling> pooling_named(std::string_view name);  // "last", "mean", "first"

}  // namespace parley::nn
