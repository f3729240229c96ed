#include <cmath>

#include "base/fields.hpp"

namespace parley {
namespace {

class Schema : public Fields {
 public:
  void text(const char* key, const char* what, const Text& rule,
            std::function<void(std::string)>) override {
    add(key, what, text_schema(rule), rule.required);
  }
  void number(const char* key, const char* what, const Number& rule,
              std::function<void(double)>) override {
    Json schema = {{"type", "number"}};
    if (rule.min > -1e300) schema[rule.above_min ? "exclusiveMinimum" : "minimum"] = rule.min;
    if (rule.max < 1e300) schema["maximum"] = rule.max;
    add(key, what, std::move(schema), rule.required);
  }
  void integer(const char* key, const char* what, long long min, long long max,
               std::function<void(long long)>) override {
    add(key, what, {{"type", "integer"}, {"minimum", min}, {"maximum", max}}, false);
  }
  void flag(const char* key, const char* what, std::function<void(bool)>) override {
    add(key, what, {{"type", "boolean"}}, false);
  }
  void map(const char* key, const char* what, const Describe& describe) override {
    add(key, what, schema_of_fields(describe), false);
  }
  void list(const char* key, const char* what, std::size_t max_items,
            const Describe& describe_item) override {
    add(key, what,
        {{"type", "array"}, {"maxItems", max_items}, {"items", schema_of_fields(describe_item)}},
        false);
  }
  void texts(const char* key, const char* what, std::size_t max_items, bool or_one,
             const Text& rule, std::function<void(std::vector<std::string>)>) override {
    Json list = {{"type", "array"}, {"maxItems", max_items}, {"items", text_schema(rule)}};
    if (or_one) list = {{"anyOf", Json::array({text_schema(rule), list})}};
    add(key, what, std::move(list), rule.required);
  }
  void labels(const char* key, const char* what, std::function<void(Labels)>) override {
    const Json scalar = {{"type", {"string", "number", "boolean"}}};
    const Json list = {{"type", "array"}, {"items", scalar}};
    add(key, what,
        {{"type", "object"}, {"additionalProperties", {{"anyOf", Json::array({scalar, list})}}}},
        false);
  }
  int line_of(const char*) const override { return 0; }
  void exactly_one_of(const std::vector<std::string>& keys) override {
    Json options = Json::array();
    for (const std::string& key : keys) options.push_back({{"required", Json::array({key})}});
    schema_["oneOf"] = options;
  }
  void needs(const char* key, const char* needed) override {
    schema_["dependencies"][key] = Json::array({needed});
  }

  Json take() {
    schema_["properties"] = properties_;
    if (!required_.empty()) schema_["required"] = required_;
    schema_["additionalProperties"] = false;
    return std::move(schema_);
  }

 private:
  static Json text_schema(const Text& rule) {
    Json schema = {{"type", "string"}};
    if (!rule.choices.empty()) {
      schema["enum"] = rule.choices;
    } else {
      if (!rule.may_be_empty) schema["minLength"] = 1;
      schema["maxLength"] = rule.max_bytes;
    }
    if (!rule.pattern.empty()) schema["pattern"] = "^(?:" + rule.pattern + ")$";
    return schema;
  }
  void add(const char* key, const char* what, Json schema, bool required) {
    Json described = {{"description", what}};
    for (auto& [name, value] : schema.items()) described[name] = value;
    properties_[key] = std::move(described);
    if (required) required_.push_back(key);
  }

  Json schema_ = {{"type", "object"}};
  Json properties_ = Json::object();
  Json required_ = Json::array();
};

}  // namespace

Json schema_of_fields(const Fields::Describe& describe) {
  Schema schema;
  describe(schema);
  return schema.take();
}

}  // namespace parley
