// Random schemas against an independent validator, over every value of a small world: the grammar
// takes exactly those that are valid.
#include <gtest/gtest.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

namespace parley::engine {
namespace schema_property_test {

class Validator {
 public:
  explicit Validator(const Json& schema) : text_(nlohmann::json::parse(to_text(schema))) {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text_), schema_);
  }
  bool valid(const Json& value) {
    const auto same = nlohmann::json::parse(to_text(value));  // the adapter knows no other
    return valijson::Validator(valijson::Validator::kStrongTypes)
        .validate(schema_, valijson::adapters::NlohmannJsonAdapter(same), nullptr);
  }

 private:
  nlohmann::json text_;
  valijson::Schema schema_;
};

class World {
 public:
  explicit World(unsigned seed) : random_(seed) {}

  Json scalar() { return pick(scalars()); }
  static const std::vector<Json>& scalars() {
    static const std::vector<Json> all{nullptr, true, false, 0,    1,      2,      3,     -1,
                                       1.5,     2.25, "",    "a",  "ab",   "abc",  "b",   "ba",
                                       "é",     "x1", "12",  "1a", "日本", "a\"b", "null"};
    return all;
  }

  // A schema of scalars, with a type named somewhere, so that nothing is meant but not said.
  Json scalar_schema(int depth) {
    Json s = depth == 0 || chance(2) ? leaf() : Json::object();
    if (depth > 0) add_applicator(s, [&] { return scalar_schema(depth - 1); });
    if (!s.contains("type")) s["type"] = types();
    return s;
  }

  // Properties a, b and c in this order, then conditions on them.
  Json object_schema(int depth) {
    Json s = {{"type", "object"}, {"properties", Json::object()}};
    for (const char* name : {"a", "b", "c"}) s["properties"][name] = scalar_schema(1);
    if (chance(3)) s["additionalProperties"] = chance(2) ? Json(false) : scalar_schema(0);
    if (chance(3)) s["required"] = names();
    if (chance(5)) s["minProperties"] = random_() % 4;
    if (chance(5)) s["maxProperties"] = random_() % 4;
    for (int i = 0; i < depth; ++i) add_applicator(s, [&] { return object_condition(1); });
    if (chance(3)) s["dependencies"] = Json{{"a", names()}, {"c", object_condition(0)}};
    return s;
  }

  Json object_condition(int depth) {
    Json s = Json::object();
    switch (random_() % (depth > 0 ? 7 : 5)) {
      case 0:
        s["required"] = names();
        break;
      case 1:
        s["properties"] = Json{{one_name(), leaf_value()}};
        break;
      case 2:
        s = Json{{"properties", Json{{one_name(), leaf_value()}}}, {"required", names()}};
        break;
      case 3:
        s = Json{{"maxProperties", random_() % 3}};
        break;
      case 4:
        s = Json{{"properties", Json{{"a", true}, {"b", leaf_value()}}},
                 {"additionalProperties", chance(2) ? Json(false) : leaf_value()}};
        break;
      default:
        add_applicator(s, [&] { return object_condition(depth - 1); });
    }
    s["type"] = "object";
    return s;
  }

  Json object_value() {
    Json out = Json::object();
    for (const char* name : {"a", "b", "c", "z"}) {
      if (chance(2)) out[name] = scalar();
    }
    return out;
  }

  Json array_schema() {
    Json s = {{"type", "array"}};
    if (chance(2)) s["items"] = scalar_schema(1);
    if (chance(4)) {
      s["items"] = Json::array({scalar_schema(0), scalar_schema(0)});
      if (chance(2)) s["additionalItems"] = chance(2) ? Json(false) : scalar_schema(0);
    }
    if (chance(3)) s["contains"] = scalar_schema(0);
    if (chance(4)) s["minItems"] = random_() % 3;
    if (chance(4)) s["maxItems"] = random_() % 4;
    if (chance(4) && !s.contains("contains")) {
      s["items"] = Json{{"enum", Json::array({1, "a", nullptr, true})}};
      s["uniqueItems"] = true;
    }
    if (chance(3)) {
      s = Json{{"type", "array"}, {"items", scalar_schema(0)}, {"not", s}};
      if (s["not"].contains("uniqueItems")) s["not"].erase("uniqueItems");
    }
    return s;
  }

  Json array_value() {
    static const std::vector<Json> few{1, "a", nullptr, true, 2, "ab"};
    Json out = Json::array();
    for (std::size_t n = random_() % 4; n > 0; --n) out.push_back(chance(3) ? scalar() : pick(few));
    return out;
  }

 private:
  bool chance(unsigned one_in) { return random_() % one_in == 0; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[random_() % list.size()];
  }
  std::string one_name() { return pick(std::vector<std::string>{"a", "b", "c"}); }
  Json names() {
    Json out = Json::array();
    for (const char* name : {"a", "b", "c"}) {
      if (chance(2)) out.push_back(name);
    }
    if (out.empty()) out.push_back("b");
    return out;
  }
  Json types() {
    Json out = Json::array();
    for (const char* type : {"null", "boolean", "integer", "number", "string"}) {
      if (chance(2)) out.push_back(type);
    }
    if (out.empty()) out.push_back("string");
    return out;
  }
  Json leaf_value() { return chance(2) ? Json{{"const", scalar()}} : leaf(); }
  Json leaf() {
    switch (random_() % 9) {
      case 0:
        return Json{{"type", types()}};
      case 1:
        return Json{{"const", scalar()}};
      case 2:
        return Json{{"enum", Json::array({scalar(), scalar(), scalar()})}};
      case 3:
        return Json{{"type", "string"}, {"minLength", random_() % 3}};
      case 4:
        return Json{{"type", "string"}, {"maxLength", random_() % 3}};
      case 5: {
        const std::vector<std::string> patterns{"^a", "b$", "^[a-z]+$", "\\d", "^(?!a).*$"};
        Json s = {{"type", "string"}, {"pattern", pick(patterns)}};
        if (chance(2)) s["maxLength"] = random_() % 4;
        if (chance(3)) s["minLength"] = random_() % 3;
        return s;
      }
      case 6:
        return Json{{"type", "number"}, {"minimum", pick(std::vector<Json>{0, 1, 1.5, 2})}};
      case 7:
        return Json{{"type", "number"},
                    {"exclusiveMaximum", pick(std::vector<Json>{0, 1, 1.5, 3})}};
      default:
        return Json{{"type", "number"}, {"multipleOf", pick(std::vector<Json>{1, 2, 0.5, 0.75})}};
    }
  }
  template <class Schema>
  void add_applicator(Json& s, const Schema& schema) {
    switch (random_() % 6) {
      case 0:
        s["not"] = schema();
        break;
      case 1:
        s["anyOf"] = Json::array({schema(), schema()});
        break;
      case 2:
        s["oneOf"] = Json::array({schema(), schema(), schema()});
        break;
      case 3:
        s["allOf"] = Json::array({schema(), schema()});
        break;
      default:
        s["if"] = schema();
        if (!chance(4)) s["then"] = schema();
        if (!chance(3)) s["else"] = schema();
    }
  }

  std::mt19937 random_;
};

// Nothing: no value is valid, or so the compiler says.
GrammarPtr compiled(const Json& schema) {
  try {
    return compile_json_schema(schema);
  } catch (const Error& e) {
    const bool none = e.message() == "JSON schema matches no text" ||
                      e.message().find("false allows no value") != std::string::npos;
    EXPECT_TRUE(none) << e.message() << " " << to_text(schema);
    return nullptr;
  }
}

void expect_agreement(const Json& schema, const std::vector<Json>& values) {
  SCOPED_TRACE(to_text(schema));
  Validator validator(schema);
  const GrammarPtr grammar = compiled(schema);
  for (const Json& value : values) {
    const std::string text = to_text(value);
    const bool accepted = grammar != nullptr && test::accepts(grammar, text);
    ASSERT_EQ(accepted, validator.valid(value)) << text;
  }
  if (grammar == nullptr) return;
  std::mt19937 random(1);
  for (int i = 0; i < 4; ++i) {
    const auto reply = test::random_reply(grammar, random, 3 * i);
    if (reply) ASSERT_TRUE(validator.valid(Json::parse(*reply))) << *reply;
  }
}

TEST(SchemaProperty, ScalarsAreTakenIfValid) {
  World world(1);
  for (int i = 0; i < 400; ++i) expect_agreement(world.scalar_schema(2), World::scalars());
}

TEST(SchemaProperty, ObjectsAreTakenIfValid) {
  World world(2);
  std::vector<Json> values;
  for (int i = 0; i < 60; ++i) values.push_back(world.object_value());
  for (int i = 0; i < 150; ++i) expect_agreement(world.object_schema(i % 3), values);
}

TEST(SchemaProperty, ArraysAreTakenIfValid) {
  World world(3);
  std::vector<Json> values;
  for (int i = 0; i < 60; ++i) values.push_back(world.array_value());
  for (int i = 0; i < 200; ++i) expect_agreement(world.array_schema(), values);
}

}  // namespace schema_property_test
}  // namespace parley::engine
