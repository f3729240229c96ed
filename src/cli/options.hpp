// Options that several commands have: their names, checks and help are the same everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::cli {

// One of the names; the help tells them.
CLI::Validator among(std::span<const std::string_view> names);

// A number with low <= number <= high (above_zero: greater than 0). CLI11's own checks let NaN
// pass.
CLI::Validator between(double low, double high);
CLI::Validator above_zero();

CLI::Option* add_project_option(CLI::App& app, std::string& project,
                                const std::string& help = "Project folder");
// 0 or more. A default below 0 is not shown: `help` tells what holds then.
CLI::Option* add_threads_option(
    CLI::App& app, int& threads,
    const std::string& help = "Compute threads; 0: all usable processors");

// --seed: any unsigned 64-bit number. CLI11 alone lets -1 wrap around and cuts what is too large.
CLI::Option* add_seed_option(CLI::App& app, std::uint64_t& seed, const std::string& help);

// Bytes, such as 8GiB; 0 when left out.
CLI::Option* add_memory_option(CLI::App& app, const std::string& name, std::size_t& bytes,
                               const std::string& help);

}  // namespace parley::cli
