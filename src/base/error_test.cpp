#include "base/error.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace error_test {

TEST(Error, CarriesKindMessageAndHint) {
  try {
    fail(ErrorKind::kNotFound, "x.json: no such file", "check the path");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kNotFound);
    EXPECT_STREQ(e.what(), "x.json: no such file");
    EXPECT_EQ(e.hint(), "check the path");
    EXPECT_EQ(exit_code(e.kind()), 4);
    EXPECT_EQ(kind_name(e.kind()), "not-found");
    return;
  }
  FAIL() << "fail() returned";
}

}  // namespace error_test
}  // namespace parley
