#include "server/http/body_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/suggest.hpp"

namespace parley::server {

BodyFields::BodyFields(const Json& object, std::vector<std::string_view> known, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {
  if (!object.is_object()) {
    problem_ = FieldProblem{prefix_.empty() ? "body" : prefix_.substr(0, prefix_.size() - 1),
                            fmt::format("expected a JSON object, got {}", object.type_name()),
                            "invalid_type"};
    return;
  }
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string hint = did_you_mean(name, {known.begin(), known.end()});
    reject(name, fmt::format("{}{}: unknown field{}", prefix_, name, hint), "unknown_parameter");
    return;  // the first is told; there may be many
  }
}

const Json* BodyFields::find(std::string_view name) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool BodyFields::has(std::string_view name) const {
  return object_.is_object() && object_.contains(name);
}

void BodyFields::reject(std::string_view name, std::string message, std::string code) {
  if (!problem_)
    problem_ = FieldProblem{prefix_ + std::string(name), std::move(message), std::move(code)};
}

void BodyFields::take_problem(const BodyFields& member) {
  if (!problem_) problem_ = member.problem_;
}

void BodyFields::wrong_type(std::string_view name, std::string_view expected) {
  reject(name,
         fmt::format("{}{}: expected {}, got {}", prefix_, name, expected, find(name)->type_name()),
         "invalid_type");
}

std::optional<double> BodyFields::number(std::string_view name, double min, double max) {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_number()) {
    wrong_type(name, "a number");
    return std::nullopt;
  }
  const auto number = value->get<double>();
  if (!(number >= min && number <= max)) {
    reject(name, fmt::format("{}{}: {} is out of range, expected {} to {}", prefix_, name, number,
                             min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<std::int64_t> BodyFields::integer(std::string_view name, std::int64_t min,
                                                std::int64_t max) {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  const bool whole_float = value->is_number_float() &&
                           std::trunc(value->get<double>()) == value->get<double>() &&
                           std::abs(value->get<double>()) < 9e15;
  if (!value->is_number_integer() && !whole_float) {
    wrong_type(name, "a whole number");
    return std::nullopt;
  }
  const bool too_big = value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX;
  const auto number = too_big ? INT64_MAX : value->get<std::int64_t>();
  if (too_big || number < min || number > max) {
    reject(name, fmt::format("{}{}: {} is out of range, expected {} to {}", prefix_, name,
                             to_text(*value), min, max));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> BodyFields::boolean(std::string_view name) {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) {
    wrong_type(name, "true or false");
    return std::nullopt;
  }
  return value->get<bool>();
}

std::optional<std::string> BodyFields::string(std::string_view name) {
  const Json* value = find(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) {
    wrong_type(name, "a string");
    return std::nullopt;
  }
  return value->get<std::string>();
}

const Json* BodyFields::object(std::string_view name) {
  const Json* value = find(name);
  if (value && !value->is_object()) {
    wrong_type(name, "an object");
    return nullptr;
  }
  return value;
}

}  // namespace parley::server
