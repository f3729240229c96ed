// Token files come back as they were written; damaged ones are refused.
#include "train/tokens/token_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"

namespace parley::train {
namespace token_file_test {
namespace fs = std::filesystem;

class TokenFileTest : public ::testing::Test {
 protected:
  TokenFileTest() {
    TokenFileWriter writer;
    writer.add({{1, 2, 99}, {0, 1, 1}});
    writer.add({{}, {}});
    writer.add({{0}, {1}});
    EXPECT_EQ(writer.documents(), 3);
    EXPECT_EQ(writer.tokens(), 4);
    writer.save(path_);
  }
  ErrorKind opening(int vocabulary = 100) const {
    try {
      TokenFile file(path_, vocabulary);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;  // it was opened
  }
  void replace(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  // The int64 at `at` becomes `value`.
  static std::string with(std::string text, std::size_t at, std::int64_t value) {
    std::memcpy(text.data() + at, &value, 8);
    return text;
  }

  test::TempDir folder_;
  fs::path path_ = folder_.path() / "made" / "train.tokens";
};

TEST_F(TokenFileTest, ComesBackAsItWasWritten) {
  const TokenFile file(path_, 100);
  ASSERT_EQ(file.documents(), 3);
  EXPECT_EQ(file.tokens(), 4);
  ASSERT_EQ(file.length(0), 3);
  EXPECT_EQ(file.length(1), 0);
  EXPECT_EQ(file.length(2), 1);
  EXPECT_EQ(file.document(0)[0], 1u);
  EXPECT_EQ(file.document(0)[1], 2u | kTargetBit);
  EXPECT_EQ(file.document(0)[2], 99u | kTargetBit);
  EXPECT_EQ(file.document(2)[0], kTargetBit);
}

TEST_F(TokenFileTest, AnEmptyOneIsAFileToo) {
  TokenFileWriter().save(path_);
  const TokenFile file(path_, 100);
  EXPECT_EQ(file.documents(), 0);
  EXPECT_EQ(file.tokens(), 0);
}

TEST_F(TokenFileTest, RefusesATornOne) {
  const std::string whole = read_file(path_);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    replace(whole.substr(0, size));
    EXPECT_EQ(opening(), ErrorKind::kInvalidInput) << "cut to " << size;
  }
  replace(whole + "tail");
  EXPECT_EQ(opening(), ErrorKind::kInvalidInput);
  fs::remove(path_);
  EXPECT_EQ(opening(), ErrorKind::kNotFound);
}

TEST_F(TokenFileTest, RefusesCountsAndOffsetsThatCannotBe) {
  const std::string whole = read_file(path_);
  constexpr std::size_t kDocuments = 8, kTokens = 16, kOffsets = 24;
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX, INT64_MIN}) {
    replace(with(whole, kDocuments, count));
    EXPECT_EQ(opening(), ErrorKind::kInvalidInput) << count << " documents";
    replace(with(whole, kTokens, count));
    EXPECT_EQ(opening(), ErrorKind::kInvalidInput) << count << " tokens";
  }
  for (std::size_t i = 0; i < 4; ++i) {
    replace(with(whole, kOffsets + 8 * i, -1));
    EXPECT_EQ(opening(), ErrorKind::kInvalidInput) << "offset " << i;
    replace(with(whole, kOffsets + 8 * i, 1000));
    EXPECT_EQ(opening(), ErrorKind::kInvalidInput) << "offset " << i;
  }
}

TEST_F(TokenFileTest, RefusesATokenPastTheVocabulary) {
  EXPECT_EQ(opening(100), ErrorKind::kInternal) << "99 is the last of 100";
  EXPECT_EQ(opening(99), ErrorKind::kInvalidInput);
}

}  // namespace token_file_test
}  // namespace parley::train
