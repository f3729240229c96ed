#include "base/yaml.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace parley::yaml {
namespace yaml_test {

std::string error_of(std::string_view text, const Limits& limits = {}) {
  try {
    parse(text, "f.yaml", limits);
    return {};
  } catch (const Error& e) {
    return e.message();
  }
}

TEST(Yaml, KeepsOrderLinesAndWhatIsText) {
  const Value root =
      parse("b: 1\na:\n  - x\n  - \"2\"\nc: |\n  long\n  text\nd: {e: ~}\n", "f.yaml");
  ASSERT_EQ(root.entries.size(), 4u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.find("b")->as_integer(), 1);
  EXPECT_EQ(root.find("a")->items[1].line, 4);
  EXPECT_TRUE(root.find("a")->items[1].is_string());
  EXPECT_EQ(root.find("c")->text, "long\ntext\n");
  EXPECT_TRUE(root.find("d")->find("e")->is_null());
  EXPECT_EQ(root.find("z"), nullptr);
}

TEST(Yaml, AnchorsAreCopies) {
  const Value root = parse("a: &x [1, 2]\nb: *x\n", "f.yaml");
  EXPECT_EQ(root.find("b")->items.size(), 2u);
}

TEST(Yaml, RefusesWhatWouldNotEnd) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) bomb += (k ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_NE(error_of(bomb).find("once anchors are expanded"), std::string::npos);
  EXPECT_NE(error_of("a: &a [*a]\n").find("f.yaml:1: an alias inside"), std::string::npos);
  EXPECT_NE(error_of(std::string(100'000, '[')).find("f.yaml:1"), std::string::npos);
  EXPECT_NE(error_of("a: 1", {.bytes = 3}).find("larger than 3 bytes"), std::string::npos);
  std::string deeper = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n";
  for (int i = 1; i < 20; ++i) {
    deeper += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [[[[[[[[[[*a" +
              std::to_string(i - 1) + "]]]]]]]]]]\n";
  }
  EXPECT_NE(error_of(deeper).find("nested deeper than 64"), std::string::npos);
}

TEST(Yaml, SaysWhereItIsWrong) {
  EXPECT_NE(error_of("a: 1\nb: [\n").find("f.yaml:"), std::string::npos);
  EXPECT_NE(error_of("a: 1\n\tb: 2\n").find("f.yaml:2"), std::string::npos);
  EXPECT_EQ(error_of("a: 1\nb: \xff\n"), "f.yaml:2: not valid UTF-8");
  EXPECT_NE(error_of("a: 1\n? [x]\n: 2\n").find("f.yaml:2: a key must be"), std::string::npos);
  EXPECT_NE(error_of("a: !!binary x\n").find("is not supported"), std::string::npos);
  EXPECT_NE(error_of("a: 1\n---\nb: 2\n").find("a second document"), std::string::npos);
}

TEST(Suggest, FindsTheNearestName) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("minuets", "minutes"), 1u);  // neighbours swapped
  EXPECT_EQ(nearest("prot", {"host", "port"}), "port");
  EXPECT_EQ(nearest("banana", {"host", "port"}), "");
  EXPECT_EQ(did_you_mean("Width", {"width"}), "; did you mean 'width'?");
}

}  // namespace yaml_test
}  // namespace parley::yaml
