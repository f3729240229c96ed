#include "text/report_page.hpp"

#include <gtest/gtest.h>

namespace parley::text {
namespace report_page_test {

TEST(ReportPage, EscapesWhatHtmlWouldRead) {
  EXPECT_EQ(escape_html("a < b && \"c\" > d"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; d");
}

TEST(ReportPage, IsOneWholePage) {
  const std::string page = report_page("Films & <series>", ".x { color: red; }\n", "<p>Hi</p>\n");
  EXPECT_TRUE(page.starts_with("<!DOCTYPE html>"));
  EXPECT_NE(page.find("<title>Films &amp; &lt;series&gt;</title>"), std::string::npos);
  EXPECT_NE(page.find(".x { color: red; }\n</style></head><body><main>\n<p>Hi</p>\n</main>"),
            std::string::npos);
  EXPECT_TRUE(page.ends_with("</html>\n"));
  EXPECT_EQ(page.find("http"), std::string::npos) << "nothing from outside";
}

}  // namespace report_page_test
}  // namespace parley::text
