#include "base/sha256.hpp"

#include <gtest/gtest.h>

#include "base/sha256_plain.hpp"

namespace parley {
namespace sha256_test {

TEST(Sha256, KnowsTheStandardsExample) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PlainEqualsOpenSslForEveryLengthAndCut) {
  std::string text;
  for (int size = 0; size < 300; ++size) {
    PlainSha256 whole, cut;
    whole.update(text.data(), text.size());
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t piece = std::min<std::size_t>(text.size() - at, 1 + at % 71);
      cut.update(text.data() + at, piece);
      at += piece;
    }
    EXPECT_EQ(to_hex(whole.digest()), sha256_hex(text)) << size;
    EXPECT_EQ(to_hex(cut.digest()), sha256_hex(text)) << size;
    text += static_cast<char>(size * 37 + size / 7);
  }
}

}  // namespace sha256_test
}  // namespace parley
