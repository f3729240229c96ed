#include "base/file.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sha256.hpp"
#include "base/test_support.hpp"

namespace parley {
namespace file_test {
namespace fs = std::filesystem;

TEST(AtomicFile, LeavesTheOldFileWhenNotCommitted) {
  test::TempDir dir;
  const fs::path path = dir.path() / "a.txt";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("new, but the program fails here");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(AtomicFile, ReportsAFullDisk) {
  if (!fs::exists("/dev/full")) GTEST_SKIP();
  test::TempDir dir;
  // A file in a folder that cannot be created: the parent is a file.
  write_file_atomically(dir.path() / "plain", "x");
  EXPECT_THROW(AtomicFile(dir.path() / "plain" / "child"), Error);
}

TEST(ReadFile, SaysWhatIsMissingOrTooLarge) {
  test::TempDir dir;
  try {
    read_file(dir.path() / "none");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kNotFound);
  }
  write_file_atomically(dir.path() / "big", std::string(100, 'x'));
  try {
    read_file(dir.path() / "big", 99);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kLimit);
  }
}

TEST(Json, DeepNestingIsAnErrorNotACrash) {
  const std::string deep(1'000'000, '[');
  try {
    parse_json(deep, "deep.json");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    EXPECT_NE(e.message().find("deep.json:1"), std::string::npos);
  }
}

TEST(Json, ErrorNamesTheLine) {
  try {
    parse_json("{\n\"a\": 1,\n\"b\": }\n", "x.json");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("x.json:3"), std::string::npos) << e.message();
  }
}

TEST(Sha256, KnownAnswers) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Manifest, RoundTripsAndNoticesEdits) {
  test::TempDir dir;
  write_file_atomically(dir.path() / "data.bin", "abc");
  Manifest made;
  made.kind = "dataset";
  made.add_file(dir.path(), "data.bin");
  made.facts["seed"] = 7;
  made.save(dir.path() / "manifest.json");
  EXPECT_EQ(Manifest::load(dir.path() / "manifest.json").address(), made.address());
  std::string text = read_file(dir.path() / "manifest.json");
  text.replace(text.find(": 7"), 3, ": 8");
  write_file_atomically(dir.path() / "manifest.json", text);
  EXPECT_THROW(Manifest::load(dir.path() / "manifest.json"), Error);
}

TEST(ReplaceSymlink, SwapsInOneStep) {
  test::TempDir dir;
  replace_symlink(dir.path() / "current", "a");
  replace_symlink(dir.path() / "current", "b");
  EXPECT_EQ(fs::read_symlink(dir.path() / "current"), "b");
}

}  // namespace file_test
}  // namespace parley
