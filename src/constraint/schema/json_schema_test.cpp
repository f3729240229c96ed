// Replies under a schema against an independent validator, valid documents against the grammar,
// and every message.
#include <gtest/gtest.h>

#include <cmath>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"
#include "constraint/number_automata.hpp"

namespace parley::engine {
namespace json_schema_test {

using test::accepts;

class Validator {
 public:
  explicit Validator(const std::string& text) : text_(nlohmann::json::parse(text)) {
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(valijson::adapters::NlohmannJsonAdapter(text_), schema_);
  }
  bool valid(const Json& document) {
    const auto same = nlohmann::json::parse(to_text(document));  // the adapter knows no other
    return valijson::Validator().validate(schema_, valijson::adapters::NlohmannJsonAdapter(same),
                                          nullptr);
  }

 private:
  nlohmann::json text_;
  valijson::Schema schema_;
};

GrammarPtr compile(const std::string& text, const JsonSchemaOptions& options = {}) {
  return compile_json_schema(Json::parse(text), options);
}

const std::vector<std::string>& schemas() {
  static const std::vector<std::string> all{
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer",
          "minimum":0,"maximum":150},"email":{"type":"string","minLength":3,"maxLength":9}},
          "required":["name","age"]})",
      R"({"type":"object","properties":{"a":{"type":"null"},"b":{"type":"boolean"},
          "c":{"type":"number"}},"minProperties":2,"maxProperties":2})",
      R"({"type":"object","additionalProperties":{"type":"integer"},"minProperties":1})",
      R"({"type":"object","properties":{"id":{"type":"integer"}},"additionalProperties":
          {"type":"string"},"required":["extra"]})",
      R"({"type":"object","patternProperties":{"^s_":{"type":"string"},"^n":{"type":"number",
          "maximum":9}},"additionalProperties":false})",
      R"({"type":"object","propertyNames":{"pattern":"^[a-c]{1,2}$"},
          "additionalProperties":{"type":"boolean"}})",
      R"({"type":"array","items":{"type":"integer","multipleOf":5},"minItems":2,"maxItems":4})",
      R"({"type":"array","items":[{"type":"string"},{"type":"number"}],"additionalItems":
          {"type":"null"}})",
      R"({"type":"array","items":{"type":"array","items":{"type":"boolean"},"maxItems":2}})",
      R"({"enum":["red","green",1,null,{"a":[1,2]},[],"é\"\\"]})",
      R"({"const":{"k":"v","n":[true]}})",
      R"({"type":["string","null","integer"]})",
      R"({"anyOf":[{"type":"object","properties":{"kind":{"const":"circle"},"r":{"type":"number",
          "exclusiveMinimum":0}},"required":["kind","r"]},{"type":"object","properties":{"kind":
          {"const":"square"},"side":{"type":"integer"}},"required":["kind","side"]}]})",
      R"({"allOf":[{"type":"object","properties":{"a":{"type":"integer","minimum":3}},
          "required":["a"]},{"properties":{"a":{"maximum":7},"b":{"type":"string"}},
          "required":["b"]}]})",
      R"({"definitions":{"node":{"type":"object","properties":{"value":{"type":"integer"},
          "next":{"anyOf":[{"$ref":"#/definitions/node"},{"type":"null"}]}},
          "required":["value","next"]}},"$ref":"#/definitions/node"})",
      R"({"type":"string","pattern":"^(ab|c\"d)+$"})",
      R"({"type":"string","pattern":"x[0-9]","maxLength":6})",
      R"({"type":"number","minimum":-1.5,"exclusiveMaximum":2.25})",
      R"({"type":"integer","exclusiveMinimum":-13,"maximum":1005,"multipleOf":7})",
      R"({"type":"object","properties":{"x":true,"y":{},"z":false}})",
      R"({"oneOf":[{"type":"integer","maximum":3},{"type":"string","maxLength":2}]})",
      R"({"type":"object"})",
      R"({"type":"array"})",
      R"({"properties":{"list":{"type":"array","items":{"$ref":"#"}}},"required":["list"]})",
  };
  return all;
}

TEST(JsonSchema, RepliesAreValid) {
  std::mt19937 random(1);
  for (const std::string& text : schemas()) {
    SCOPED_TRACE(text);
    Validator validator(text);
    for (const JsonSpace space : {JsonSpace::kOne, JsonSpace::kNone, JsonSpace::kFlexible}) {
      const GrammarPtr grammar = compile(text, {.space = space});
      int finished = 0;
      for (int i = 0; i < 24; ++i) {
        const auto reply = test::random_reply(grammar, random, i < 8 ? 0 : 20);
        if (!reply) continue;
        ++finished;
        const Json document = Json::parse(*reply, nullptr, false);
        ASSERT_FALSE(document.is_discarded()) << *reply;
        ASSERT_TRUE(validator.valid(document)) << *reply;
      }
      EXPECT_GT(finished, 10);
    }
  }
}

// A random schema of everything that can be combined; deep ones end in scalars.
Json random_schema(std::mt19937& random, int depth) {
  const auto chance = [&](unsigned one_in) { return random() % one_in == 0; };
  const auto number = [&](int span) {
    return static_cast<int>(random() % static_cast<unsigned>(2 * span + 1)) - span;
  };
  Json s = Json::object();
  switch (random() % (depth > 0 ? 9 : 5)) {
    case 0: {
      s["type"] = "integer";
      const int low = number(300);
      if (chance(2)) s["minimum"] = low;
      if (chance(2)) s["maximum"] = low + static_cast<int>(random() % 500);
      if (chance(4)) s["multipleOf"] = 1 + random() % 3;
      return s;
    }
    case 1: {
      s["type"] = "number";
      const double low = number(400) / 16.0;
      if (chance(2)) s["exclusiveMinimum"] = low;
      if (chance(2)) s["maximum"] = low + static_cast<double>(1 + random() % 64) / 32.0;
      return s;
    }
    case 2: {
      s["type"] = "string";
      const unsigned least = random() % 4;
      if (chance(2)) s["minLength"] = least;
      if (chance(2)) s["maxLength"] = least + random() % 5;
      if (chance(4)) s = {{"type", "string"}, {"pattern", "^[a-z]+[0-9]{0,3}$"}};
      return s;
    }
    case 3:
      return {{"enum", {"a", "é", 3, nullptr, true, "x y"}}};
    case 4:
      return {{"type", {"null", "boolean"}}};
    case 5: {
      s = {{"type", "array"}, {"items", random_schema(random, depth - 1)}};
      const unsigned least = random() % 3;
      if (chance(2)) s["minItems"] = least;
      if (chance(2)) s["maxItems"] = least + random() % 3;
      return s;
    }
    case 6:
      return {{"anyOf", {random_schema(random, depth - 1), random_schema(random, depth - 1)}}};
    default: {
      s["type"] = "object";
      s["properties"] = Json::object();
      for (const char* name : {"a", "ab", "abc", "b\"", "é"}) {
        if (chance(2)) continue;
        s["properties"][name] = random_schema(random, depth - 1);
        if (chance(2)) s["required"].push_back(name);
      }
      if (chance(3)) s["additionalProperties"] = random_schema(random, depth - 1);
      if (chance(6)) s["additionalProperties"] = false;
      return s;
    }
  }
}

TEST(JsonSchema, RandomSchemas) {
  std::mt19937 random(99);
  int finished = 0;
  for (int i = 0; i < 250; ++i) {
    const std::string text = random_schema(random, 3).dump();
    SCOPED_TRACE(text);
    Validator validator(text);
    GrammarPtr grammar;
    try {
      grammar = compile(text);
    } catch (const Error& e) {  // bounds with no multiple between them, say
      EXPECT_EQ(e.message(), "JSON schema matches no text");
      continue;
    }
    for (int k = 0; k < 4; ++k) {
      const auto reply = test::random_reply(grammar, random, 5 * k);
      if (!reply) continue;
      ++finished;
      const Json document = Json::parse(*reply, nullptr, false);
      ASSERT_FALSE(document.is_discarded()) << *reply;
      ASSERT_TRUE(validator.valid(document)) << *reply;
      for (const unsigned seed : {0u, 1u, 2u}) ASSERT_TRUE(accepts(grammar, *reply, seed));
    }
  }
  EXPECT_GT(finished, 600);
}

TEST(JsonSchema, ValidDocumentsAreAcceptedAndOthersNot) {
  const GrammarPtr person = compile(schemas()[0]);
  for (const unsigned seed : {0u, 1u, 2u, 3u}) {
    EXPECT_TRUE(accepts(person, R"({"name": "Ada", "age": 36})", seed));
    EXPECT_TRUE(
        accepts(person, R"({"name":"Ad\u00e9 \ud83d\ude00\n","age":0,"email":"é日本x"})", seed));
    EXPECT_TRUE(accepts(person, R"({"name":"", "age":150, "email": "\ud83d\ude00\t\"/\/"})", seed));
    EXPECT_FALSE(accepts(person, R"({"age": 36, "name": "Ada"})", seed)) << "order";
    EXPECT_FALSE(accepts(person, R"({"name":"Ada","age":151})", seed));
    EXPECT_FALSE(accepts(person, R"({"name":"Ada","age":-1})", seed));
    EXPECT_FALSE(accepts(person, R"({"name":"Ada","age":36,"email":"ab"})", seed));
    EXPECT_FALSE(accepts(person, R"({"name":"Ada","age":36,"email":"1234567890"})", seed));
    EXPECT_TRUE(accepts(person, R"({"name":"Ada","age":36,"more":1})", seed)) << "open";
    EXPECT_FALSE(accepts(person, R"({"name":"\ud83d","age":36})", seed)) << "half a pair";
    EXPECT_FALSE(accepts(person, "{\"name\":\"\xFF\",\"age\":36})", seed)) << "not UTF-8";
    EXPECT_FALSE(accepts(person, "{\"name\":\"\n\",\"age\":36})", seed)) << "a control";
  }
  const std::string pretty = "{\n  \"name\" : \"Ada\",\n  \"age\": 36\n}",
                    plain = R"({"name":"Ada","age":36})";
  EXPECT_TRUE(accepts(person, pretty));
  EXPECT_TRUE(accepts(person, R"({ "name" : "Ada" , "age" : 36 })"));
  const GrammarPtr one = compile(schemas()[0], {.space = JsonSpace::kOne});
  EXPECT_TRUE(accepts(one, plain));
  EXPECT_FALSE(accepts(one, pretty));
  EXPECT_FALSE(accepts(one, R"({ "name":"Ada","age":36})"));
  // What a declared name spells with escapes is not another property.
  const GrammarPtr open = compile(schemas()[3]);
  EXPECT_TRUE(accepts(open, R"({"id":1,"extra":"a","other":"b"})"));
  EXPECT_FALSE(accepts(open, R"({"extra":"a","\u0069d":"b"})"));
  EXPECT_FALSE(accepts(open, R"({"extra":"a","id":"b"})"));
}

TEST(JsonSchema, LongStringsAreCounted) {
  const GrammarPtr grammar = compile(R"({"type":"string","minLength":3,"maxLength":100000})");
  EXPECT_LT(grammar->states(), 10u);
  EXPECT_TRUE(accepts(grammar, '"' + std::string(100'000, 'x') + '"'));
  EXPECT_FALSE(accepts(grammar, '"' + std::string(100'001, 'x') + '"'));
  EXPECT_FALSE(accepts(grammar, "\"xx\""));
  EXPECT_TRUE(accepts(grammar, "\"éé日\""));
}

TEST(JsonSchema, Formats) {
  struct Case {
    const char* format;
    std::vector<const char*> good, bad;
  };
  const std::vector<Case> cases{
      {"date",
       {"2024-02-29", "1999-12-31", "2000-02-29"},
       {"2023-02-29", "1900-02-29", "2024-04-31", "24-1-1"}},
      {"time", {"12:00:00Z", "23:59:59.123+01:30"}, {"24:00:00Z", "12:00:00", "12:60:00Z"}},
      {"date-time", {"2024-02-29T12:00:00Z"}, {"2024-02-30T12:00:00Z", "2024-02-29 12:00:00Z"}},
      {"duration", {"P1Y2M3DT4H5M6S", "P2W", "PT1M"}, {"P", "PT", "1D", "P1DT"}},
      {"email", {"a.b@example.com", "x+y@h"}, {"a@", "@b", "a b@c", "a..b@c"}},
      {"hostname", {"example.com", "a-b.c"}, {"-a.com", "a-.com", "a..b", ""}},
      {"ipv4", {"127.0.0.1", "255.255.255.255"}, {"256.0.0.1", "1.2.3", "01.2.3.4"}},
      {"ipv6",
       {"::", "::1", "2001:db8::8:800:200c:417a", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1::"},
       {":", "1:2:3:4:5:6:7", "1::2::3", "12345::", "1:2:3:4:5:6:7:8:9"}},
      {"uri",
       {"https://example.com/a?b=c#d", "mailto:a@b.c", "http://[::1]:80/"},
       {"//x", "http://a b", "a"}},
      {"uuid", {"123e4567-e89b-12d3-a456-426614174000"}, {"123e4567e89b12d3a456426614174000"}},
  };
  for (const Case& c : cases) {
    const GrammarPtr grammar = compile(Json{{"type", "string"}, {"format", c.format}}.dump());
    for (const char* text : c.good)
      EXPECT_TRUE(accepts(grammar, Json(text).dump())) << c.format << ' ' << text;
    for (const char* text : c.bad)
      EXPECT_FALSE(accepts(grammar, Json(text).dump())) << c.format << ' ' << text;
  }
}

TEST(NumberAutomata, BoundsAreExact) {
  std::mt19937 random(4);
  const SizeLimit limit{20'000, "number"};
  const Dfa plain = plain_number_dfa(6, 4, limit);
  for (int i = 0; i < 60; ++i) {
    const int scaled = static_cast<int>(random() % 4001) - 2000;
    const double bound = i % 3 == 0 ? scaled / 100 : scaled / 64.0;
    const auto decimal = parse_decimal(Json(bound).dump());
    ASSERT_TRUE(decimal);
    const Dfa at_least = intersect(plain, bounded_number_dfa(Bound::kAtLeast, *decimal), limit);
    const Dfa greater = intersect(plain, bounded_number_dfa(Bound::kGreater, *decimal), limit);
    const Dfa at_most = intersect(plain, bounded_number_dfa(Bound::kAtMost, *decimal), limit);
    const Dfa less = intersect(plain, bounded_number_dfa(Bound::kLess, *decimal), limit);
    for (int k = 0; k < 200; ++k) {
      const double near = bound + (static_cast<int>(random() % 65) - 32) / 16.0;
      const double x = k % 2 == 0 ? std::round(near) : near;
      std::u32string text;
      char buffer[32];
      std::snprintf(buffer, sizeof buffer, "%.*f",
                    x == std::round(x) ? static_cast<int>(random() % 3) : 4, x);
      for (const char* c = buffer; *c != 0; ++c) text += static_cast<char32_t>(*c);
      const double written = std::strtod(buffer, nullptr);
      EXPECT_EQ(at_least.accepts(text), written >= bound) << buffer << ' ' << bound;
      EXPECT_EQ(greater.accepts(text), written > bound) << buffer << ' ' << bound;
      EXPECT_EQ(at_most.accepts(text), written <= bound) << buffer << ' ' << bound;
      EXPECT_EQ(less.accepts(text), written < bound) << buffer << ' ' << bound;
    }
  }
}

TEST(NumberAutomata, Multiples) {
  for (const char* step : {"1", "7", "60", "0.01", "0.25", "2.5", "1e2"}) {
    const auto dfa = multiple_dfa(*parse_decimal(step));
    ASSERT_TRUE(dfa);
    const double s = std::strtod(step, nullptr);
    for (int i = -500; i < 500; ++i) {
      for (const double scale : {1.0, 100.0}) {
        const double x = i / scale;
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%.2f", x);
        const double ratio = x / s;
        const bool multiple = std::abs(ratio - std::round(ratio)) < 1e-9;
        EXPECT_EQ(dfa->accepts(std::u32string(buffer, buffer + std::strlen(buffer))), multiple)
            << buffer << " by " << step;
      }
    }
  }
  EXPECT_FALSE(multiple_dfa(*parse_decimal("123457")));
}

std::string message(const std::string& text) {
  try {
    compile(text);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    return e.message();
  }
  return "accepted";
}

TEST(JsonSchema, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(message(R"({"properties":{"a/b":{"extends":{}}}})"),
            "JSON schema: #/properties/a~1b/extends is not supported");
  EXPECT_EQ(message(R"({"type":"array","uniqueItems":true})"),
            "JSON schema, #/uniqueItems: is supported where an item is one of at most 12 listed "
            "values");
  EXPECT_EQ(message(R"({"not":{"unevaluatedProperties":false}})"),
            "JSON schema, #/not: that this does not hold cannot be said by a grammar");
  EXPECT_EQ(message(R"({"type":"strin"})"), "JSON schema, #/type: no such type");
  EXPECT_EQ(message(R"({"minLength":-1})"),
            "JSON schema, #/minLength: must be a whole number, 0 or more");
  EXPECT_EQ(message(R"({"$ref":"#/$defs/x"})"),
            "JSON schema, #/$ref: names nothing in this schema");
  EXPECT_EQ(message(R"({"$ref":"other.json"})"),
            "JSON schema, #/$ref: only references within the schema are followed");
  EXPECT_EQ(message(R"j({"type":"string","pattern":"a(?<=b)"})j"),
            "JSON schema, #/pattern, column 2: lookbehind is not supported");
  EXPECT_EQ(message(R"({"type":"integer","minimum":5,"maximum":4})"),
            "JSON schema matches no text");
  EXPECT_EQ(message(R"({"type":"integer","multipleOf":123456})"),
            "JSON schema, #/multipleOf: a step of more than 4,000 units of its last digit is not "
            "supported");
  EXPECT_EQ(message(R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})"),
            "JSON schema matches no text");
  EXPECT_EQ(message("3"), "JSON schema, #: must be a schema: an object, true or false");
  EXPECT_EQ(message("false"), "JSON schema, #: false allows no value");
}

TEST(JsonSchema, HostileSchemasEnd) {
  // Alternatives that multiply each other.
  Json all = Json::array();
  for (int i = 0; i < 30; ++i) {
    Json any = Json::array();
    for (int k = 0; k < 10; ++k) any.push_back({{"minLength", k + i}});
    all.push_back({{"anyOf", any}});
  }
  EXPECT_NE(message(Json{{"allOf", all}}.dump()).find("too many"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += R"({"items":)";
  deep += "true" + std::string(300, '}');
  EXPECT_NE(message(deep).find("nested deeper than 100 levels"), std::string::npos);
  EXPECT_EQ(message(R"({"maxLength":1e300,"type":"string"})"),
            "JSON schema has string lengths that add up too high");
}

TEST(JsonSchema, EnumsOfLargeNumbers) {
  EXPECT_TRUE(
      accepts(compile(R"({"type":"integer","const":1234567890123456789})"), "1234567890123456789"));
  EXPECT_TRUE(accepts(compile(R"({"type":"number","enum":[1e30,0.5]})"), "1e+30"));
}

}  // namespace json_schema_test
}  // namespace parley::engine
