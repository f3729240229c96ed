// Keywords that look at several places at once, and what stands in public reports of what other
// compilers of schemas get wrong.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

namespace parley::engine {
namespace schema_keywords_test {

using test::accepts;

GrammarPtr compile(const std::string& text) {
  return compile_json_schema(parse_json(text, "schema"));
}

void expect(const std::string& schema, const std::vector<std::string>& good,
            const std::vector<std::string>& bad) {
  SCOPED_TRACE(schema);
  const GrammarPtr grammar = compile(schema);
  for (const std::string& text : good) EXPECT_TRUE(accepts(grammar, text)) << text;
  for (const std::string& text : bad) EXPECT_FALSE(accepts(grammar, text)) << text;
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

TEST(SchemaKeywords, ObjectsAndArraysAreOpen) {
  expect(R"({"type":"object","properties":{"a":{"type":"integer"}}})",
         {R"({})", R"({"a":1})", R"({"a":1,"b":"x"})", R"({"aa":1})", R"({"\"":1})", R"({"é":1})",
          R"({"\u00e9":1})", R"({"b\u0061":1})"},
         {R"({"a":"x"})", R"({"b":1,"a":"x"})", R"({"\u0061":"x"})", R"({"b":1,"\u0061":"x"})"});
  expect(R"({"type":"object","properties":{"a/b":{"type":"null"},"é":{"type":"null"}}})",
         {R"({"a/b":null,"é":null})", R"({"a\\b":1})", R"({"a/c":1,"è":2})"},
         {R"({"a\/b":1})", R"({"\u00e9":1})", R"({"\u00E9":1})", R"({"a/b":1})"});
  expect(R"({"type":"array","prefixItems":[{"type":"null"}]})", {"[]", "[null]", "[null,1,{}]"},
         {"[1]"});
}

TEST(SchemaKeywords, UnevaluatedPropertiesAreThoseThatNobodyLookedAt) {
  expect(R"({"type":"object","allOf":[{"properties":{"a":{"type":"null"}}}],
             "$ref":"#/$defs/b","$defs":{"b":{"properties":{"b":{"type":"null"}}}},
             "properties":{"c":true},"unevaluatedProperties":false})",
         {R"({})", R"({"a":null,"b":null,"c":1})"}, {R"({"d":1})", R"({"a":1})"});
  // Its cousins' properties are none of its own.
  expect(R"({"type":"object","allOf":[{"properties":{"a":true},"unevaluatedProperties":false},
             {"properties":{"b":true}}]})",
         {R"({})", R"({"a":1})"}, {R"({"b":1})", R"({"a":1,"b":1})"});
  // A branch counts where it holds; both may.
  expect(R"({"type":"object","anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},
             {"properties":{"b":{"const":1}},"required":["b"]}],"unevaluatedProperties":false})",
         {R"({"a":1})", R"({"b":1})", R"({"a":1,"b":1})"},
         {R"({})", R"({"a":1,"b":2})", R"({"a":1,"c":1})"});
  expect(R"({"type":"object","properties":{"k":{"enum":["x","y"]}},"required":["k"],
             "if":{"properties":{"k":{"const":"x"}}},"then":{"properties":{"a":true}},
             "else":{"properties":{"b":true}},"unevaluatedProperties":{"type":"null"}})",
         {R"({"k":"x","a":1})", R"({"k":"y","b":1})", R"({"k":"x","b":null})"},
         {R"({"k":"x","b":1})", R"({"k":"y","a":1})"});
  // What is forbidden has evaluated nothing.
  expect(R"({"type":"object","not":{"required":["a"],"properties":{"b":{"const":2}}},
             "unevaluatedProperties":false})",
         {R"({})"}, {R"({"b":1})", R"({"a":1})"});
  expect(R"({"type":"object","patternProperties":{"^x":true},"unevaluatedProperties":false})",
         {R"({"x1":1})"}, {R"({"y":1})"});
}

TEST(SchemaKeywords, UnevaluatedItemsAreThoseThatNobodyLookedAt) {
  expect(R"({"type":"array","allOf":[{"prefixItems":[{"type":"null"}]}],
             "unevaluatedItems":{"type":"integer"}})",
         {"[]", "[null]", "[null,1,2]"}, {"[1]", "[null,null]"});
  expect(R"({"type":"array","contains":{"type":"string"},"unevaluatedItems":{"type":"null"}})",
         {R"(["a",null,"b"])"}, {"[null]", R"(["a",1])"});
}

TEST(SchemaKeywords, Conditions) {
  expect(R"({"type":"object","properties":{"a":true,"b":true,"c":true},
             "dependentRequired":{"a":["b"]},"dependentSchemas":{"b":{"required":["c"]}}})",
         {R"({})", R"({"c":1})", R"({"b":1,"c":1})", R"({"a":1,"b":1,"c":1})"},
         {R"({"a":1})", R"({"b":1})", R"({"a":1,"b":1})"});
  // A chain of cases on one property stays a chain.
  std::string cases;
  for (int i = 0; i < 40; ++i) {
    const std::string k = std::to_string(i);
    cases += (i == 0 ? "" : ",") + (R"({"if":{"properties":{"k":{"const":)" + k) +
             R"(}},"required":["k"]},"then":{"required":["p)" + k + R"("]}})";
  }
  expect(R"({"type":"object","properties":{"k":{"type":"integer"}},"allOf":[)" + cases + "]}",
         {R"({"k":40})", R"({"k":7,"p7":1})", R"({"p1":1})"}, {R"({"k":7})", R"({"k":7,"p8":1})"});
  expect(R"({"type":"array","items":{"type":"integer"},"contains":{"minimum":5},"minContains":2,
             "maxContains":3})",
         {"[5,6]", "[1,5,2,6,7,3]"}, {"[]", "[5]", "[5,6,7,8]", "[1,2,5]"});
  expect(R"({"type":"array","items":{"enum":["a","b",1]},"uniqueItems":true,"minItems":1})",
         {R"(["a"])", R"(["b",1,"a"])"}, {"[]", R"(["a","a"])", R"(["a","b",1,"b"])", "[1,1]"});
  expect(R"({"type":"array","items":{"type":"string"},"uniqueItems":true,"maxItems":1})",
         {"[]", R"(["x"])"}, {R"(["x","y"])"});
}

TEST(SchemaKeywords, OneOfIsExactlyOne) {
  expect(R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}],
             "properties":{"a":true,"b":true}})",
         {R"({"a":1})", R"({"b":1})"}, {R"({})", R"({"a":1,"b":1})"});
  expect(R"({"oneOf":[{"type":"integer","multipleOf":2},{"type":"integer","multipleOf":3}]})",
         {"2", "3", "-9"}, {"1", "6", "12", "0"});
  expect(R"({"oneOf":[{"type":"integer"},{"type":"number","minimum":3}]})", {"1", "3.5", "-4"},
         {"3", "1.5"});
}

TEST(SchemaKeywords, NumbersAreComparedByValue) {
  expect(R"({"const":1.0})", {"1", "1.0"}, {"1.5", "2"});
  expect(R"({"type":"integer","enum":[1.0,2e1,2.5]})", {"1", "20"}, {"2.5"});
  expect(R"({"type":"number","multipleOf":1.0})", {"1", "2.0", "-3"}, {"1.5"});
  expect(R"({"type":"number","minimum":1.5e0,"maximum":25E-1})", {"1.5", "2.50"}, {"1.4", "2.51"});
  // Draft 4: a flag beside the bound.
  expect(R"({"type":"number","minimum":1,"exclusiveMinimum":true,"maximum":2,
             "exclusiveMaximum":false})",
         {"1.1", "2"}, {"1", "1.0", "2.1"});
  expect(R"({"type":"number","not":{"type":"integer"}})", {"1.5", "-0.25"}, {"1", "1.0", "0.0"});
}

TEST(SchemaKeywords, PatternsAreCountedBesideTheAutomaton) {
  const GrammarPtr long_one =
      compile(R"({"type":"string","pattern":"^[a-z]+(-[a-z]+)*$","maxLength":10000})");
  EXPECT_LT(long_one->states(), 50u);
  EXPECT_LT(long_one->bytes(), 100'000u);
  EXPECT_TRUE(accepts(long_one, '"' + std::string(10'000, 'x') + '"'));
  EXPECT_FALSE(accepts(long_one, '"' + std::string(10'001, 'x') + '"'));
  EXPECT_FALSE(accepts(long_one, '"' + std::string(9'999, 'x') + "-\""));
  expect(R"({"type":"string","pattern":"^(ab)*$","minLength":3,"maxLength":5})", {R"("abab")"},
         {R"("ab")", R"("ababab")", R"("")"});
  expect(R"({"type":"string","pattern":"é$","minLength":2})", {R"("aé")", R"("a\u00e9")"},
         {R"("é")", R"("éa")"});
  EXPECT_EQ(message(R"({"type":"string","pattern":"^(ab)*$","minLength":3,"maxLength":3})"),
            "JSON schema matches no text");
  expect(R"({"type":"array","items":{"type":"string","pattern":"^[a-c]{2}$","maxLength":9}})",
         {R"(["ab","cc"])"}, {R"(["abc"])"});
}

TEST(SchemaKeywords, Lookahead) {
  expect(R"j({"type":"string","pattern":"^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"})j",
         {R"("1.5")", R"("-3")", R"("+.5")", R"("0")"}, {R"("")", R"("-")", R"(".")", R"("+.")"});
  expect(R"j({"type":"string","pattern":"^(?!\\.)(?!.*\\.\\.)[a-z.]*[a-z]@[a-z]+$"})j",
         {R"("a.b@c")"}, {R"(".a@c")", R"("a..b@c")", R"("a.@c")"});
  expect(
      R"j({"type":"string","pattern":"^P(?:(\\d+W)|(?!.*W)(?=\\d|T\\d)(\\d+D)?(T(?=\\d)(\\d+H)?(\\d+S)?)?)$"})j",
      {R"("P3W")", R"("P1D")", R"("P1DT2H")", R"("PT5S")"}, {R"("P")", R"("P1DT")", R"("PT")"});
}

TEST(SchemaKeywords, References) {
  expect(R"({"$id":"http://x.y/a/root.json","$ref":"other.json#/$defs/n","$defs":{"o":{
             "$id":"other.json","$defs":{"n":{"type":"null"}}}}})",
         {"null"}, {"1"});
  expect(R"({"id":"http://x.y/s#","properties":{"a":{"$ref":"#leaf"}},"required":["a"],
             "definitions":{"l":{"id":"#leaf","type":"null"}}})",
         {R"({"a":null})"}, {R"({"a":1})"});
  expect(R"({"$dynamicAnchor":"node","type":"array","items":{"$dynamicRef":"#node"}})",
         {"[]", "[[],[[]]]"}, {"[1]"});
  EXPECT_EQ(message(R"({"$ref":"https://x.y/z.json"})"),
            "JSON schema, #/$ref: only references within the schema are followed");
}

// Each was a silent fault of another compiler.
TEST(SchemaKeywords, ReportedElsewhere) {
  // A pattern beside the property that it matches.
  expect(R"({"type":"object","properties":{"score":{"type":"integer","multipleOf":5}},
             "required":["score"],"additionalProperties":false,
             "patternProperties":{"^score$":{"type":"integer","minimum":10}}})",
         {R"({"score":15})"}, {R"({"score":5})", R"({"score":11})", R"({"score":10,"b":1})"});
  // "oneOf" beside "properties": neither is forgotten.
  expect(R"({"type":"object","properties":{"id":{"type":"integer"}},"required":["id"],"oneOf":[
             {"properties":{"action":{"const":"go"}},"required":["action"]},
             {"properties":{"action":{"const":"say"},"text":{"type":"string"}},
              "required":["action","text"]}]})",
         {R"({"id":1,"action":"go"})", R"({"id":1,"action":"say","text":"x"})"},
         {R"({"action":"go"})", R"({"id":1,"action":"say"})", R"({"id":"1","action":"go"})"});
  // A long text within a list of objects, found anywhere in it.
  expect(R"({"type":"array","items":{"type":"object","properties":{"key":{"type":"string",
             "pattern":"\\S","maxLength":4000}},"required":["key"]}})",
         {R"([{"key":" x"}])"}, {R"([{"key":" "}])"});
  // Objects in lists of values, whose names look like keywords.
  expect(R"({"enum":[{"properties":{"a":{"type":"number"}}},{"const":1}]})",
         {R"({"properties":{"a":{"type":"number"}}})", R"({"const":1})"}, {"{}", "1"});
  // A value that all its keywords must allow.
  expect(R"({"const":"x","enum":["x","y"],"type":"string","default":"z"})", {R"("x")"},
         {R"("y")", R"("z")"});
  expect(R"({"anyOf":[{"type":"string","enum":["c","f"]},{"type":"null"}]})", {R"("c")", "null"},
         {R"("x")", "1"});
  EXPECT_NE(message(R"({"type":"string","pattern":"^a(b$"})").find("'(' without ')'"),
            std::string::npos);
}

}  // namespace schema_keywords_test
}  // namespace parley::engine
