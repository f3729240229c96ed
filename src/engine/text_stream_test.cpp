#include "engine/text_stream.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace parley::engine {
namespace text_stream_test {

std::string run(const std::string& bytes, std::vector<std::string> stop,
                const std::vector<std::size_t>& cuts) {
  TextStream stream(std::move(stop));
  std::string out;
  std::size_t at = 0;
  for (std::size_t i = 0; at < bytes.size(); ++i) {
    const std::size_t n = i < cuts.size() ? cuts[i] % 5 : 1;
    out += stream.push(std::string_view(bytes).substr(at, n));
    at += n;
  }
  return out + stream.finish();
}

TEST(TextStream, EmitsWholeCharactersOnly) {
  TextStream stream({});
  EXPECT_EQ(stream.push("a\xF0\x9F"), "a");
  EXPECT_EQ(stream.push("\x8E"), "");
  EXPECT_EQ(stream.push("\xAC!"), "\xF0\x9F\x8E\xAC!");
  EXPECT_EQ(stream.push("\xE2\x82"), "");
  EXPECT_EQ(stream.finish(), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(TextStream, InvalidBytesDoNotBlock) {
  TextStream stream({});
  EXPECT_EQ(stream.push("\xFFok\xE2("), "\xEF\xBF\xBDok\xEF\xBF\xBD(");
}

TEST(TextStream, HoldsBackWhatMayBecomeAStop) {
  TextStream stream({"\nUser:"});
  EXPECT_EQ(stream.push("Hello\nUs"), "Hello");
  EXPECT_EQ(stream.push("ual"), "\nUsual");
  EXPECT_EQ(stream.push("\nUser: x"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.push("more"), "");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, CutsDoNotMatter) {
  EXPECT_TRUE(rc::check([] {
    std::string text;
    const int n = *rc::gen::inRange(0, 30);
    for (int i = 0; i < n; ++i)
      text += *rc::gen::element<std::string>("a", "b", "ab", "é", "🎬", "STOP", "ST", "O");
    const auto cuts = *rc::gen::arbitrary<std::vector<std::size_t>>();
    RC_ASSERT(run(text, {"STOP", "éa"}, cuts) == run(text, {"STOP", "éa"}, {text.size()}));
    const std::size_t stop = std::min(text.find("STOP"), text.find("éa"));
    RC_ASSERT(run(text, {"STOP", "éa"}, cuts) == text.substr(0, stop));
  }));
}

}  // namespace text_stream_test
}  // namespace parley::engine
