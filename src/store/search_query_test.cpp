#include "store/search_query.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace parley::store {
namespace search_query_test {

bool found(std::string_view typed, std::string_view text) {
  return SearchQuery(typed).matches(text);
}

TEST(SearchQuery, EveryWordBeginsOneOfTheText) {
  EXPECT_TRUE(found("two  words", "Words, and two more"));
  EXPECT_TRUE(found("wor", "two words"));
  EXPECT_FALSE(found("ords", "two words"));
  EXPECT_FALSE(found("two three", "two words"));
  EXPECT_TRUE(found("a\"b OR c*", "Or else: c, b, a"));  // nothing that is typed is a command
}

TEST(SearchQuery, CaseAndAccentsDoNotCount) {
  EXPECT_TRUE(found("CAFE", "Harbour Café"));
  EXPECT_TRUE(found("café", "HARBOUR CAFE"));
  EXPECT_TRUE(found("ελλαδα", "Ελλάδα"));
}

TEST(SearchQuery, ScriptsWithoutSpacesAreLookedForAsTheyStand) {
  EXPECT_TRUE(found("映画", "静かな映画を教えて"));
  EXPECT_TRUE(found("ภาษา", "เรียนภาษาไทย"));
  EXPECT_FALSE(found("映画 静か", "静かな映画を教えて"));
}

TEST(SearchQuery, SoIsTextWithoutWords) {
  EXPECT_TRUE(found("?!", "What?!"));
  EXPECT_FALSE(found("?!", "What!?"));
  EXPECT_TRUE(found("🎬", "Film 🎬"));
  EXPECT_TRUE(found("50%", "half is 50 of 100"));
  EXPECT_FALSE(found("%", "nothing"));
}

TEST(SearchQuery, NothingMatchesEverything) {
  EXPECT_TRUE(SearchQuery("").matches_everything());
  EXPECT_TRUE(found("", ""));
  EXPECT_FALSE(SearchQuery("a").matches_everything());
  EXPECT_FALSE(SearchQuery("?").matches_everything());
}

TEST(SearchQuery, ATextIsFoundByItself) {
  EXPECT_TRUE(rc::check([](const std::string& text) { RC_ASSERT(found(text, text)); }));
}

}  // namespace search_query_test
}  // namespace parley::store
