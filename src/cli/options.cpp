#include "cli/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <vector>

namespace parley::cli {
namespace {

// The number that all of `text` is.
template <typename Number>
std::optional<Number> number_in(const std::string& text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

CLI::Validator between(double low, double high) {
  const auto check = [low, high](const std::string& text) {
    const auto value = number_in<double>(text);
    return value && *value >= low && *value <= high
               ? std::string()
               : fmt::format("'{}' is no number from {} to {}", text, low, high);
  };
  return CLI::Validator(check, fmt::format("[{} - {}]", low, high));
}

CLI::Validator above_zero() {
  const auto check = [](const std::string& text) {
    const auto value = number_in<double>(text);
    return value && *value > 0 && *value <= std::numeric_limits<double>::max()
               ? std::string()
               : "'" + text + "' is no number above 0";
  };
  return CLI::Validator(check, "ABOVE 0");
}

CLI::Validator among(std::span<const std::string_view> names) {
  return CLI::IsMember(std::vector<std::string>(names.begin(), names.end()));
}

CLI::Option* add_project_option(CLI::App& app, std::string& project, const std::string& help) {
  return app.add_option("--project", project, help)->type_name("DIR")->capture_default_str();
}

CLI::Option* add_threads_option(CLI::App& app, int& threads, const std::string& help) {
  CLI::Option* option =
      app.add_option("--threads", threads, help)->type_name("N")->check(CLI::Range(0, 1024));
  if (threads >= 0) option->capture_default_str();
  return option;
}

CLI::Option* add_seed_option(CLI::App& app, std::uint64_t& seed, const std::string& help) {
  const auto whole = [](const std::string& text) {
    return number_in<std::uint64_t>(text)
               ? std::string()
               : "'" + text + "' is no number from 0 to 18446744073709551615";
  };
  return app.add_option("--seed", seed, help)
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Validator(whole, ""));
}

CLI::Option* add_memory_option(CLI::App& app, const std::string& name, std::size_t& bytes,
                               const std::string& help) {
  const auto begins_with_digit = [](const std::string& text) {
    return !text.empty() && text[0] >= '0' && text[0] <= '9'
               ? std::string()
               : "'" + text + "' is no size such as 8GiB";
  };
  // What does not fit 64 bits arrives as their largest number.
  const auto is_possible = [](const std::string& text) {
    return number_in<std::uint64_t>(text).value_or(UINT64_MAX) <= std::uint64_t{1} << 50
               ? std::string()
               : std::string("no machine has so much memory");
  };
  // The transformation that is added last comes first, a check after both.
  return app.add_option(name, bytes, help)
      ->transform(CLI::AsSizeValue(false))
      ->transform(CLI::Validator(begins_with_digit, ""))
      ->check(CLI::Validator(is_possible, ""));
}

}  // namespace parley::cli
