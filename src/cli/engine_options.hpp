// Options whose choices the arithmetic knows: precisions of weights and kernel sets.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>

#include "nn/kernels/packed_linear.hpp"

namespace parley::cli {

// --precision; the value that `precision` has is the default.
void add_precision_option(CLI::App& app, nn::Precision& precision, const std::string& help,
                          std::span<const nn::Precision> choices = nn::kPrecisions);

// --isa: a kernel set that this processor has; left out: the best.
void add_kernels_option(CLI::App& app, std::string& isa);

}  // namespace parley::cli
