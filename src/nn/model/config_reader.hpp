// Reads typed values of a config.json, and says which key is wrong and what would be right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace parley::nn {

// REQUIRES: the JSON outlives the reader. Errors of every function: kInvalidInput "WHERE: key …".
class ConfigReader {
 public:
  ConfigReader(const Json& root, std::string where) : root_(&root), where_(std::move(where)) {}

  [[noreturn]] void bad(const std::string& key, const std::string& why,
                        const std::string& hint = {}) const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + key + " " + why, hint);
  }
  bool has(const char* key) const { return root_->contains(key) && !(*root_)[key].is_null(); }
  ConfigReader object(const char* key) const {
    if (!has(key) || !(*root_)[key].is_object()) bad(key, "is not an object");
    return {(*root_)[key], where_ + ": " + key};
  }
  int integer(const char* key, int low, int high) const {
    if (!has(key)) bad(key, "is missing");
    return in_range((*root_)[key], key, low, high);
  }
  int integer_or(const char* key, int fallback, int low, int high) const {
    return has(key) ? in_range((*root_)[key], key, low, high) : fallback;
  }
  double number_or(const char* key, double fallback) const {
    if (!has(key)) return fallback;
    if (!(*root_)[key].is_number()) bad(key, "is not a number");
    return (*root_)[key].get<double>();
  }
  bool flag_or(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    if (!(*root_)[key].is_boolean()) bad(key, "is neither true nor false");
    return (*root_)[key].get<bool>();
  }
  std::string text(const char* key) const {
    if (!has(key) || !(*root_)[key].is_string()) bad(key, "is not a string");
    return (*root_)[key].get<std::string>();
  }
  std::string text_or(const char* key, const std::string& fallback) const {
    return has(key) ? text(key) : fallback;
  }
  std::vector<double> numbers(const char* key) const {
    std::vector<double> out;
    for (const Json& value : list(key)) {
      if (!value.is_number()) bad(key, "holds something that is not a number");
      out.push_back(value.get<double>());
    }
    return out;
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> out;
    for (const Json& value : list(key)) {
      if (!value.is_string()) bad(key, "holds something that is not a string");
      out.push_back(value.get<std::string>());
    }
    return out;
  }
  // One id or a list of them; empty when absent.
  std::vector<std::int32_t> tokens(const char* key) const {
    std::vector<std::int32_t> out;
    if (!has(key)) return out;
    if (!(*root_)[key].is_array()) return {in_range((*root_)[key], key, 0, 1 << 24)};
    for (const Json& value : (*root_)[key]) out.push_back(in_range(value, key, 0, 1 << 24));
    return out;
  }
  std::int32_t token(const char* key) const {
    const auto all = tokens(key);
    return all.empty() ? -1 : all.front();
  }

 private:
  const Json& list(const char* key) const {
    if (!has(key) || !(*root_)[key].is_array()) bad(key, "is not a list");
    return (*root_)[key];
  }
  int in_range(const Json& value, const char* key, int low, int high) const {
    if (!value.is_number_integer()) bad(key, "is not an integer");
    const auto number = value.get<std::int64_t>();
    if (number < low || number > high) {
      bad(key, "is " + std::to_string(number),
          "expected " + std::to_string(low) + " to " + std::to_string(high));
    }
    return static_cast<int>(number);
  }
  const Json* root_;
  std::string where_;
};

}  // namespace parley::nn
