// A small description, read by the loader and by the schema.
#include "base/fields.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace parley {
namespace fields_test {

struct Hinge {
  std::string name;
  std::uint64_t turns = 0;
};

struct Door {
  std::string color = "red";
  int width = 800;
  std::optional<int> height;
  std::optional<double> weight;
  bool open = false;
  std::vector<std::string> signs, owners;
  std::vector<Hinge> hinges;
  Hinge lock;
};

void describe(Fields& at, Hinge& h) {
  at.text("name", "what it is called", {.required = true, .max_bytes = 8}, into(h.name));
  at.integer("turns", "how often it has turned", 0, 1'000'000'000'000, into(h.turns));
}

void describe(Fields& at, Door& d) {
  at.text("color", "what it is painted in", {.choices = {"red", "green"}}, into(d.color));
  at.integer("width", "of the leaf, in millimetres", 100, 3000, into(d.width));
  at.integer("height", "the same", 100, 3000, into(d.height));
  at.number("weight", "in kilograms", {.min = 0, .above_min = true}, into(d.weight));
  at.flag("open", "is it?", into(d.open));
  at.texts("signs", "what hangs on it", 2, false, {.pattern = "[A-Z]+", .expected = "capitals"},
           into(d.signs));
  at.texts("owners", "whose it is", 5, true, {}, into(d.owners));
  at.list("hinges", "what it hangs in", 3, [&d](Fields& item) {
    Hinge hinge;
    describe(item, hinge);
    d.hinges.push_back(std::move(hinge));
  });
  at.map("lock", "what holds it", [&d](Fields& in) { describe(in, d.lock); });
}

Door load(const std::string& text) {
  Door door;
  load_fields(yaml::parse(text, "door.yaml"), "door.yaml", "door",
              [&](Fields& at) { describe(at, door); });
  return door;
}

std::string error_of(const std::string& text) {
  try {
    load(text);
    return {};
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    return e.message();
  }
}

TEST(Fields, StoreWhatWasReadInVariablesOfItsKind) {
  const Door d = load(R"(color: green
width: 900
height: 2000
weight: 12.5
open: true
signs: [EXIT]
owners: Ada
hinges: [{name: upper, turns: 900000000000}, {name: lower}]
lock: {name: yale}
)");
  EXPECT_EQ(d.color, "green");
  EXPECT_EQ(d.width, 900);
  EXPECT_EQ(d.height, 2000);
  EXPECT_EQ(d.weight, 12.5);
  EXPECT_TRUE(d.open);
  EXPECT_EQ(d.signs, std::vector<std::string>{"EXIT"});
  EXPECT_EQ(d.owners, std::vector<std::string>{"Ada"});
  ASSERT_EQ(d.hinges.size(), 2u);
  EXPECT_EQ(d.hinges[0].turns, 900'000'000'000u);
  EXPECT_EQ(d.lock.name, "yale");
}

TEST(Fields, WhatIsLeftOutStaysAsItWas) {
  const Door d = load("open: false\n");
  EXPECT_EQ(d.color, "red");
  EXPECT_EQ(d.width, 800);
  EXPECT_FALSE(d.height.has_value());
  EXPECT_FALSE(d.weight.has_value());
}

TEST(Fields, ErrorsNameFileLineFieldAndWhatWasExpected) {
  EXPECT_EQ(error_of("open: true\nwidht: 3\n"),
            "door.yaml:2: door.widht: unknown key; did you mean 'width'?");
  EXPECT_EQ(error_of("width: 3\n"),
            "door.yaml:1: door.width: expected a whole number from 100 to 3000, found the number "
            "3");
  EXPECT_EQ(error_of("signs: [A, b]\n"),
            "door.yaml:1: door.signs[1]: expected capitals, found the text 'b'");
  EXPECT_EQ(error_of("signs: [A, B, C]\n"), "door.yaml:1: door.signs: 3 items, expected at most 2");
  EXPECT_EQ(error_of("hinges:\n  - turns: 1\n"),
            "door.yaml:2: door.hinges[0].name: missing, expected what it is called");
}

TEST(Fields, TheSchemaSaysTheSame) {
  Door door;
  const Json schema = schema_of_fields([&](Fields& at) { describe(at, door); });
  EXPECT_EQ(schema.at("additionalProperties"), false);
  EXPECT_FALSE(schema.contains("required"));
  const Json& fields = schema.at("properties");
  EXPECT_EQ(fields.at("width"), (Json{{"description", "of the leaf, in millimetres"},
                                      {"type", "integer"},
                                      {"minimum", 100},
                                      {"maximum", 3000}}));
  EXPECT_EQ(fields.at("weight").at("exclusiveMinimum"), 0.0);
  EXPECT_EQ(fields.at("signs").at("items").at("pattern"), "^(?:[A-Z]+)$");
  EXPECT_EQ(fields.at("hinges").at("items").at("required"), Json::array({"name"}));
  EXPECT_EQ(door.width, 800) << "a schema sets nothing";
}

}  // namespace fields_test
}  // namespace parley
