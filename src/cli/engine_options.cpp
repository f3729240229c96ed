#include "cli/engine_options.hpp"

#include <vector>

#include "cli/options.hpp"
#include "nn/kernels/kernels.hpp"

namespace parley::cli {

void add_precision_option(CLI::App& app, nn::Precision& precision, const std::string& help,
                          std::span<const nn::Precision> choices) {
  std::vector<std::string_view> names;
  for (const nn::Precision each : choices) names.emplace_back(nn::precision_name(each));
  app.add_option_function<std::string>(
         "--precision",
         [&precision](const std::string& name) {
           precision = nn::precision_named(name).value_or(precision);
         },
         help)
      ->default_str(nn::precision_name(precision))
      ->check(among(names));
}

void add_kernels_option(CLI::App& app, std::string& isa) {
  std::vector<std::string_view> names;
  for (const nn::Kernels* each : nn::available_kernels()) names.emplace_back(each->name);
  app.add_option("--isa", isa, "Force a kernel set (default: the best this processor has)")
      ->check(among(names));
}

}  // namespace parley::cli
