#include "text/sentences.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace parley::text {
namespace sentences_test {

std::string whole(std::string_view text) {
  return std::string(text.substr(0, whole_sentences(text)));
}

TEST(Sentences, AreWholeOnceTheNextBegins) {
  EXPECT_EQ(whole(""), "");
  EXPECT_EQ(whole("Hello"), "");
  EXPECT_EQ(whole("Hello."), "");
  EXPECT_EQ(whole("Hello. "), "");
  EXPECT_EQ(whole("Hello. W"), "Hello. ");
  EXPECT_EQ(whole("One. Two! Thr"), "One. Two! ");
  EXPECT_EQ(whole("It costs 3.14 euros"), "");
  EXPECT_EQ(whole("Films, etc. and more"), "");
  EXPECT_EQ(whole("A list:\n- one"), "A list:\n");
  EXPECT_EQ(whole("The end.\n"), "The end.\n");
  EXPECT_EQ(whole("¿Qué tal? Bien"), "¿Qué tal? ");
  EXPECT_EQ(whole("你好。再见"), "你好。");
}

TEST(Sentences, MayBeCutAnywhere) {
  rc::check([](const std::string& text) { RC_ASSERT(whole_sentences(text) <= text.size()); });
  const std::string text = "Grüße. Öl und mehr. Ä";
  for (std::size_t size = 0; size <= text.size(); ++size)
    EXPECT_TRUE(text.starts_with(whole(text.substr(0, size))));
}

}  // namespace sentences_test
}  // namespace parley::text
