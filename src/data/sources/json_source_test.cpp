#include "data/sources/json_source.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"

namespace parley::data {
namespace json_source_test {

// What the reader cuts a file into: "LINE:TEXT" per record, "LINE!WHY" for bad ones.
std::vector<std::string> cut(const std::string& text, bool by_lines) {
  test::TempDir dir;
  write_file_atomically(dir.path() / "f", text);
  InputFile file(dir.path() / "f", "f");
  std::vector<std::string> out;
  std::uint64_t input = 0;
  read_json_source(file, JsonShape::kAny, by_lines, [&](Chunk&& chunk) {
    input += chunk.input_bytes;
    for (const auto& bad : chunk.records) out.push_back(std::to_string(bad.line) + "!" + bad.error);
    for (const auto& p : chunk.pieces) {
      out.push_back(std::to_string(p.line) + ":" + chunk.bytes.substr(p.offset, p.length));
    }
    if (chunk.kind == Chunk::Kind::kJsonLines) {
      std::uint64_t line = chunk.first_line;
      for (std::size_t at = 0; at < chunk.used; ++line) {
        const std::size_t end = std::min(chunk.bytes.find('\n', at), chunk.used);
        if (end > at) out.push_back(std::to_string(line) + ":" + chunk.bytes.substr(at, end - at));
        at = end + 1;
      }
    }
    return true;
  });
  EXPECT_LE(input, text.size());
  return out;
}

using Pieces = std::vector<std::string>;

TEST(JsonSource, CutsLines) {
  EXPECT_EQ(cut("{\"a\":1}\n\n{\"b\":2}", true), (Pieces{"1:{\"a\":1}", "3:{\"b\":2}"}));
  EXPECT_EQ(cut("\xEF\xBB\xBF{}\n", true), (Pieces{"1:{}"}));
  EXPECT_EQ(cut("", true), Pieces{});
}

TEST(JsonSource, CutsAnArrayAndPrettyPrintedValues) {
  EXPECT_EQ(cut("\n[{\"a\":\"]},{\\\"\"},\n {\n\"b\":[1,[2]]}, 3]\n", true),
            (Pieces{"2:{\"a\":\"]},{\\\"\"}", "3:{\n\"b\":[1,[2]]}", "4:3"}));
  EXPECT_EQ(cut("{\n\"a\":1\n}\n{\"b\":2}", false), (Pieces{"1:{\n\"a\":1\n}", "4:{\"b\":2}"}));
  EXPECT_EQ(cut("[]", true), Pieces{});
}

TEST(JsonSource, NoticesACutOffArray) {
  EXPECT_EQ(cut("[{\"a\":1},\n{\"b\"", true),
            (Pieces{"1:{\"a\":1}", "2:{\"b\"",
                    "2!the file ends inside its top-level array; it may be cut off"}));
  EXPECT_EQ(cut("[{}] x", true), (Pieces{"1:{}", "1!text behind the end of the top-level array"}));
}

TEST(JsonSource, TooLongRecordsAreSkippedWithoutBeingHeld) {
  const std::string lines = "{\"a\":1}\n" + std::string(40'000'000, 'x') + "\n{\"b\":2}\n";
  EXPECT_EQ(cut(lines, true),
            (Pieces{"1:{\"a\":1}", "2!a record of more than 16 MB", "3:{\"b\":2}"}));
  const std::string array = "[1,\n\"" + std::string(40'000'000, 'x') + "\",\n{\"b\":2}]";
  EXPECT_EQ(cut(array, true), (Pieces{"1:1", "2!a record of more than 16 MB", "3:{\"b\":2}"}));
}

TEST(JsonSource, RecordsAcrossBlocksStayWhole) {
  std::string lines, array = "[";
  Pieces expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string value =
        "{\"n\":\"" + std::string(static_cast<std::size_t>(i % 1500), '{') + "\"}";
    lines += value + "\n";
    array += (i ? ",\n" : "") + value;
    expected.push_back(std::to_string(i + 1) + ":" + value);
  }
  EXPECT_EQ(cut(lines, true), expected);
  EXPECT_EQ(cut(array + "]", true), expected);
  EXPECT_EQ(cut(lines, false), expected);
}

// In blocks of `block` bytes.
std::string read_whole(const std::string& bytes, std::size_t block) {
  test::TempDir dir;
  write_file_atomically(dir.path() / "f", bytes);
  InputFile file(dir.path() / "f", "f");
  std::string out;
  while (file.read(out, block)) {
  }
  return out;
}

TEST(InputFile, ReadsWhatAByteOrderMarkSays) {
  const std::string little(
      "\xFF\xFE"
      "a\0\xE9\0\x3D\xD8\0\xDE\n\0",
      12);
  const std::string big("\xFE\xFF\0a\0\xE9\xD8\x3D\xDE\0\0\n", 12);
  for (const std::size_t block : {4u, 5u, 7u, 100u}) {
    EXPECT_EQ(read_whole(little, block), "aé😀\n") << block;
    EXPECT_EQ(read_whole(big, block), "aé😀\n") << block;
    EXPECT_EQ(read_whole("\xEF\xBB\xBF"
                         "aé",
                         block),
              "aé")
        << block;
  }
  // Halves are not taken for characters.
  EXPECT_EQ(read_whole(std::string("\xFF\xFE"
                                   "a\0\x3D\xD8",
                                   6),
                       100),
            "a\xFF");
  EXPECT_EQ(read_whole(std::string("\xFF\xFE"
                                   "a\0b",
                                   5),
                       100),
            "a\xFF");
}

TEST(InputFile, SaysWhyAFileCannotBeRead) {
  test::TempDir dir;
  write_file_atomically(dir.path() / "utf32.csv", std::string("\xFF\xFE\0\0a\0\0\0", 8));
  try {
    InputFile file(dir.path() / "utf32.csv", "utf32.csv");
    std::string out;
    file.read(out, 100);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(), "utf32.csv: the file is UTF-32");
  }
  try {
    InputFile file(dir.path(), "folder");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(), "folder: not a regular file");
  }
}

}  // namespace json_source_test
}  // namespace parley::data
