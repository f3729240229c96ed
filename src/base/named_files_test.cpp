// Files are the same whether they lie in a folder or in another file.
#include "base/named_files.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"

namespace parley {
namespace named_files_test {

using Names = std::vector<std::string>;

const std::map<std::string, std::string_view> kFiles = {{"a.json", R"({"x": 1, "x": 2})"},
                                                        {"b.json", "[]"},
                                                        {"c.txt", ""},
                                                        {"more/d.txt", "d"},
                                                        {"more/e.txt", "e"},
                                                        {"more/deep/f.txt", "f"}};

void expect_files(const NamedFiles& files) {
  EXPECT_TRUE(files.has("a.json"));
  EXPECT_FALSE(files.has("more"));
  EXPECT_EQ(files.read("more/d.txt"), "d");
  EXPECT_EQ(files.read("c.txt"), "");
  EXPECT_EQ(files.read("none"), std::nullopt);
  EXPECT_THROW(files.read("a.json", 3), Error);
  EXPECT_EQ(files.read_object("a.json"), (Json{{"x", 2}}));
  EXPECT_EQ(files.read_object("none"), Json::object());
  try {
    files.read_object("b.json");
    FAIL() << "read";
  } catch (const Error& e) {
    EXPECT_EQ(e.message(), files.where() + "/b.json: expected a JSON object");
  }
  EXPECT_EQ(files.list("", ".json"), (Names{"a.json", "b.json"}));
  EXPECT_EQ(files.list("more", ".txt"), (Names{"more/d.txt", "more/e.txt"}));
  EXPECT_EQ(files.list("none", ""), Names{});
}

TEST(NamedFiles, AreTheSameInAFolderAndInAFile) {
  const test::TempDir dir;
  for (const auto& [name, text] : kFiles) write_file_atomically(dir.path() / name, text);
  expect_files(dir.path());
  expect_files({kFiles, nullptr, "m.parley"});
  EXPECT_FALSE(NamedFiles(dir.path() / "nothing").has("a.json"));
}

}  // namespace named_files_test
}  // namespace parley
