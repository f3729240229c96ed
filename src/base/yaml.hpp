// YAML with limits and line numbers. Every YAML file a person writes comes in through here: one
// document of lists, maps with text keys (each once) and scalars; anchors may be reused, within the
// limit on nodes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace parley::yaml {

enum class Kind { kNull, kScalar, kList, kMap };

struct Entry;

struct Value {
  Kind kind = Kind::kNull;
  int line = 1;                // from 1
  std::string text;            // scalar
  bool quoted = false;         // scalar in quotes or as a block: always a string
  std::vector<Value> items;    // list
  std::vector<Entry> entries;  // map, in file order

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  const Value* find(std::string_view key) const;  // map: the value, or null

  // What an unquoted scalar means in YAML's core schema.
  std::optional<bool> as_bool() const;
  std::optional<long long> as_integer() const;
  std::optional<double> as_number() const;  // finite
  bool is_string() const;                   // quoted, or none of the above
};

struct Entry {
  std::string key;
  int line = 1;
  Value value;
};

struct Limits {
  std::size_t bytes = 16u << 20;
  std::size_t nodes = 1'000'000;  // after anchors are expanded
  std::size_t depth = 64;
};

// `where` names the source in errors. Errors: kInvalidInput "WHERE:LINE: …", kLimit.
Value parse(std::string_view text, std::string_view where, const Limits& limits = {});

// Errors: also kNotFound, kIo. Named in errors by its file name alone when `where` is empty.
Value load(const std::filesystem::path& path, std::string_view where = {},
           const Limits& limits = {});

// "a list", "a map", "the number 12", "the text 'abc'", "nothing": for "expected …, found …".
std::string describe(const Value& value);

Json to_json(const Value& value);

// kInvalidInput "WHERE:LINE: WHAT".
[[noreturn]] void fail_at(std::string_view where, int line, const std::string& what,
                          std::string hint = {});

}  // namespace parley::yaml
