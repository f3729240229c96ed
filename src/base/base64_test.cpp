#include "base/base64.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace parley {
namespace base64_test {

TEST(Base64, KnowsTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

RC_GTEST_PROP(Base64, AnyBytesComeBack, (const std::string& bytes)) {
  RC_ASSERT(decode_base64(encode_base64(bytes)) == bytes);
}

// Whatever is accepted is the text that encoding writes: one text for each string of bytes.
RC_GTEST_PROP(Base64, WhatIsAcceptedIsWhatIsWritten, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('A', 'Q', 'g', '/', '=', '\n', ' ', '-', '\0', '\x80'));
  if (const auto bytes = decode_base64(text)) RC_ASSERT(encode_base64(*bytes) == text);
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"QQ", "QQ=", "Q===", "====", "=", "Q=Q=", "=QQQ", "Q!==", "QQ==QQ==",
                           "QQQQ\n", " QQQQ", "QQQQ    ", "QQ\n==", "QR==", "QUF=", "QQ=-", "Qé=="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

TEST(Base64, LongTextsComeBackWhole) {
  std::string bytes(10'000'001, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * i >> 7);
  EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
}

}  // namespace base64_test
}  // namespace parley
