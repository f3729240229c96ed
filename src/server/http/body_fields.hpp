// Reads the members of a JSON object that a client sent, with a type and a range for each, and
// remembers the first thing that is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "server/http/problem.hpp"

namespace parley::server {

class BodyFields {
 public:
  // Members not in `known` are a problem. `prefix` stands before names in messages
  // ("stream_options.").
  BodyFields(const Json& object, std::vector<std::string_view> known, std::string prefix = {});

  // Each gives nothing when the member is absent, null or wrong.
  std::optional<double> number(std::string_view name, double min, double max);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::string> string(std::string_view name);
  const Json* object(std::string_view name);

  const Json* find(std::string_view name) const;  // null when absent or JSON null
  bool has(std::string_view name) const;          // also when null
  void reject(std::string_view name, std::string message, std::string code = "invalid_value");

  // What is wrong with a member that is an object itself is wrong with this one.
  void take_problem(const BodyFields& member);

  const std::optional<FieldProblem>& problem() const { return problem_; }

 private:
  void wrong_type(std::string_view name, std::string_view expected);

  const Json& object_;
  std::string prefix_;
  std::optional<FieldProblem> problem_;
};

}  // namespace parley::server
