#include "text/fold.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "text/utf8.hpp"

namespace parley::text {
namespace fold_test {

TEST(Fold, CaseAndAccentsGo) {
  EXPECT_EQ(fold_characters("Harbour CAFÉ, 50%"), "harbour cafe, 50%");
  EXPECT_EQ(fold_characters("Tiếng Việt ĐỘC LẬP"), "tieng viet đoc lap");
  EXPECT_EQ(fold_characters("Ελλάδα ΠΌΛΗ"), "ελλαδα πολη");
  EXPECT_EQ(fold_characters("Ёлка"), "елка");
  EXPECT_EQ(fold_characters("İstanbul"), "istanbul");
  EXPECT_EQ(fold_characters("\U00010400"), "\U00010428");  // beyond the first plane
}

TEST(Fold, ComposedAndDecomposedReadAlike) {
  EXPECT_EQ(fold_characters("e\u0301"), "e");
  EXPECT_EQ(fold_words("cafe\u0301s"), fold_words("caf\u00e9s"));
}

TEST(Fold, WhatIsNoAccentStays) {
  EXPECT_EQ(fold_characters("が 각 हिन्दी שָׁלוֹם"), "が 각 हिन्दी שָׁלוֹם");
}

TEST(Fold, WordsHaveASpaceBefore) {
  EXPECT_EQ(fold_words("“A quiet café!” — it’s 50% off…"), " a quiet cafe it s 50 off");
  EXPECT_EQ(fold_words("हिन्दी में"), " हिन्दी में");
  EXPECT_EQ(fold_words(""), "");
  EXPECT_EQ(fold_words("?! 🎬"), "");
}

TEST(Fold, AnyBytesGiveText) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) {
    RC_ASSERT(is_valid_utf8(fold_characters(bytes)));
    RC_ASSERT(is_valid_utf8(fold_words(bytes)));
  }));
  EXPECT_EQ(fold_characters("\xff"
                            "A"),
            "\uFFFDa");
}

TEST(Fold, FoldingAgainChangesNothing) {
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    std::string text;
    append_code_point(text, c);
    const std::string once = fold_characters(text);
    ASSERT_EQ(fold_characters(once), once) << std::hex << static_cast<unsigned>(c);
  }
}

}  // namespace fold_test
}  // namespace parley::text
