// One description of a settings file that serves every reader of it: the loader, which checks a
// YAML file against it and fills a struct, and the JSON Schema, which is published from it. A
// description is a function that names each field:
//     void describe(Fields& at, DoorSettings& s) {
//       at.text("color", "what it is painted in", {.choices = {"red", "green"}}, into(s.color));
//       at.integer("width", "of the leaf, in millimetres", 100, 3000, into(s.width));
//     }
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/yaml.hpp"

namespace parley {

class Fields {
 public:
  struct Text {
    bool required = false;
    bool may_be_empty = false;
    std::size_t max_bytes = 4000;
    std::string pattern = {};   // ECMAScript; matched whole
    std::string expected = {};  // the pattern in words: "a duration like 24h or 7d"
    std::vector<std::string> choices = {};
  };
  struct Number {
    double min = -1e300, max = 1e300;
    bool above_min = false;  // min itself is excluded
    bool required = false;
  };
  using Describe = std::function<void(Fields&)>;

  virtual ~Fields() = default;
  // Each names a key of this map. Setters are called only for keys that are there and valid.
  virtual void text(const char* key, const char* what, const Text& rule,
                    std::function<void(std::string)> set) = 0;
  virtual void number(const char* key, const char* what, const Number& rule,
                      std::function<void(double)> set) = 0;
  virtual void integer(const char* key, const char* what, long long min, long long max,
                       std::function<void(long long)> set) = 0;
  virtual void flag(const char* key, const char* what, std::function<void(bool)> set) = 0;
  virtual void map(const char* key, const char* what, const Describe& describe) = 0;
  virtual void list(const char* key, const char* what, std::size_t max_items,
                    const Describe& describe_item) = 0;
  // A list of texts; `or_one` also takes a single text.
  virtual void texts(const char* key, const char* what, std::size_t max_items, bool or_one,
                     const Text& rule, std::function<void(std::vector<std::string>)> set) = 0;
  // A map whose keys are free: each to a text or a list of texts (numbers and true/false count as
  // text).
  using Labels = std::vector<std::pair<std::string, std::vector<std::string>>>;
  virtual void labels(const char* key, const char* what, std::function<void(Labels)> set) = 0;
  // The line the document gives `key`, or of this map when it is not there; 0 when only a schema is
  // made.
  virtual int line_of(const char* key) const = 0;
  // Rules between keys of this map; call after the fields.
  virtual void exactly_one_of(const std::vector<std::string>& keys) = 0;
  virtual void needs(const char* key,
                     const char* needed) = 0;  // a map with `key` must have `needed`
};

template <class T>
struct SettingOf {
  using Type = T;
};
template <class T>
struct SettingOf<std::optional<T>> {
  using Type = T;
};
// A setter that stores the value in `target`: of any text, number or list of texts, optional or
// not, that holds what the rule lets through. `target` must live as long as the description runs.
template <class T>
auto into(T& target) {
  return [&target](auto value) {
    target = static_cast<typename SettingOf<T>::Type>(std::move(value));
  };
}

// Checks `root` against the description, calling its setters. `where` names the file in errors,
// `path` the dotted field that `root` is ("" for the document). Errors: kInvalidInput "WHERE:LINE:
// dotted.field: …".
void load_fields(const yaml::Value& root, std::string_view where, std::string_view path,
                 const Fields::Describe& describe);

// The description as a JSON Schema (draft 7) object. Setters are not called.
Json schema_of_fields(const Fields::Describe& describe);

}  // namespace parley
