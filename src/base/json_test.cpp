#include "base/json.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace parley {
namespace {

// The message of the error that parsing `text` must raise.
std::string refusal(const std::string& text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    EXPECT_FALSE(e.hint().empty());
    return e.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

TEST(Json, ParsesWhatIsValid) {
  EXPECT_EQ(parse_json(R"({"a": [1, 2.5, "x"]})", "x.json")["a"][1].get<double>(), 2.5);
}

TEST(Json, NamesTheLineOfBadSyntax) {
  EXPECT_EQ(refusal("{\n\"a\": 1,\n}").rfind("x.json:3: not valid JSON", 0), 0u);
}

TEST(Json, RefusesANumberNoDoubleHolds) {
  EXPECT_NE(refusal("70e777").find("number overflow"), std::string::npos);
  EXPECT_NE(refusal("[-1e999]").find("number overflow"), std::string::npos);
}

TEST(Json, RefusesDepthBeforeParsing) {
  EXPECT_NE(refusal(std::string(100000, '[')).find("nested deeper than 64"), std::string::npos);
}

}  // namespace
}  // namespace parley
