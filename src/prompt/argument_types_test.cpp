#include "prompt/argument_types.hpp"

#include <gtest/gtest.h>

namespace parley::text {
namespace argument_types_test {

const Json kNull = {{"type", "null"}};

// What `value` is for an argument of that schema.
std::string read(const Json& schema, std::string_view value) {
  const Json function = {
      {"name", "f"},
      {"parameters",
       {{"type", "object"},
        {"properties", {{"a", schema}}},
        {"$defs", {{"Zip", {{"type", "string"}}}, {"Knot", {{"$ref", "#/$defs/Knot"}}}}}}}};
  return to_text(argument_of(&function, "a", value));
}

TEST(ArgumentTypes, TextStaysTextWhereTheSchemaAllowsIt) {
  EXPECT_EQ(read({{"type", "string"}}, "08"), "\"08\"");
  EXPECT_EQ(read({{"type", "string"}}, "42"), "\"42\"");
  EXPECT_EQ(read({{"type", "string"}}, "null"), "\"null\"");
  // As Pydantic writes Optional[str], and other spellings of it.
  for (const Json& schema :
       {Json{{"anyOf", {{{"type", "string"}}, kNull}}},
        Json{{"oneOf", {kNull, {{"type", "string"}}}}}, Json{{"type", {"string", "null"}}},
        Json{{"anyOf", {{{"$ref", "#/$defs/Zip"}}, kNull}}},
        Json{{"enum", {"42", "43", nullptr}}}}) {
    EXPECT_EQ(read(schema, "42"), "\"42\"") << schema;
    EXPECT_EQ(read(schema, "true"), "\"true\"") << schema;
    EXPECT_EQ(read(schema, "{}"), "\"{}\"") << schema;
    EXPECT_EQ(read(schema, "null"), "null") << schema;
    EXPECT_EQ(read(schema, "None"), "null") << schema;
  }
  EXPECT_EQ(read({{"$ref", "#/$defs/Zip"}}, "42"), "\"42\"");
  EXPECT_EQ(read({{"allOf", {{{"$ref", "#/$defs/Zip"}}}}}, "42"), "\"42\"");
}

TEST(ArgumentTypes, OtherTypesAreReadAsJsonOrAsPython) {
  const Json number = {{"anyOf", {{{"type", "number"}}, kNull}}};
  EXPECT_EQ(read(number, "42"), "42");
  EXPECT_EQ(read(number, " 1.5 "), "1.5");
  EXPECT_EQ(read(number, "None"), "null");
  EXPECT_EQ(read({{"type", "boolean"}}, "True"), "true");
  EXPECT_EQ(read({{"type", "boolean"}}, "false"), "false");
  EXPECT_EQ(read({{"type", "array"}}, "['a', True]"), "[\"a\",true]");
  EXPECT_EQ(read({{"type", "object"}}, "{'k': None}"), "{\"k\":null}");
  EXPECT_EQ(read({{"type", {"integer", "string"}}}, "7"), "7");
  EXPECT_EQ(read({{"type", {"integer", "string"}}}, "7a"), "\"7a\"");
}

TEST(ArgumentTypes, WhatFitsNoTypeIsNotLost) {
  EXPECT_EQ(read({{"type", "integer"}}, "soon"), "\"soon\"");
  EXPECT_EQ(read({{"type", "integer"}}, "[1]"), "[1]");
  EXPECT_EQ(read({{"type", "array"}}, "open('x')"), "\"open('x')\"");
}

TEST(ArgumentTypes, WithoutATypeItIsWhatItReadsAs) {
  for (const Json& schema :
       {Json::object(), Json(true), Json{{"type", 3}}, Json{{"$ref", "#/$defs/Knot"}},
        Json{{"$ref", "#/$defs/None"}}, Json{{"$ref", "no pointer"}}, Json{{"$ref", "#a~2"}}}) {
    EXPECT_EQ(read(schema, "42"), "42") << schema;
    EXPECT_EQ(read(schema, "a b"), "\"a b\"") << schema;
    EXPECT_EQ(read(schema, "True"), "\"True\"") << schema;
  }
  EXPECT_EQ(to_text(argument_of(nullptr, "a", "42")), "42");
  const Json bare = {{"name", "f"}};
  EXPECT_EQ(to_text(argument_of(&bare, "a", "42")), "42");
}

TEST(ArgumentTypes, ReferencesThatMultiplyEnd) {
  const Json self = {{"$ref", "#/properties/a"}};
  EXPECT_EQ(read({{"anyOf", {self, self, self}}}, "42"), "42");
}

}  // namespace argument_types_test
}  // namespace parley::text
