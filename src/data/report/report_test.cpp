#include "data/report/report.hpp"

#include <rapidcheck.h>

#include <cmath>

#include "data/test_project.hpp"

namespace parley::data {
namespace report_test {

TEST(Histogram, QuantilesAreExactForSmallValuesAndCloseForLargeOnes) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::inRange<std::uint64_t>(0, 100'000)));
    Histogram h;
    for (const auto v : values) h.add(v);
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    for (const double share : {0.01, 0.5, 0.95, 1.0}) {
      const auto rank =
          static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
      const std::uint64_t exact = sorted[std::max<std::size_t>(rank, 1) - 1];
      const std::uint64_t got = h.quantile(share);
      RC_ASSERT(got <= exact);
      const bool close = exact < 4096
                             ? got == exact
                             : static_cast<double>(got) > 0.99 * static_cast<double>(exact);
      RC_ASSERT(close);
    }
    std::uint64_t counted = 0;
    for (const auto& b : h.buckets(12)) counted += b.count;
    RC_ASSERT(counted == values.size());
    RC_ASSERT(h.buckets(12).size() <= 12u);
  }));
}

class ReportTest : public ProjectTest {
 protected:
  void SetUp() override {
    std::string lines = chat("<script>alert(1)</script>", "no &amp;nbsp; here");
    for (int i = 0; i < 30; ++i) {
      lines +=
          chat("Can you recommend a good film number " + std::to_string(i) + " to watch tonight?",
               "Of course, I would watch the one with the long title " + std::to_string(i * i));
    }
    lines += chat("Ich möchte heute Abend einen guten Film sehen.",
                  "Gern, welche Art von Film magst du am liebsten?");
    lines += lines.substr(0, lines.find('\n') + 1) + "broken\n";
    write("<odd>.jsonl", lines);
    add({"<odd>.jsonl"}, true);
  }
};

TEST_F(ReportTest, CountsWhatThereIsAndWhatWasDropped) {
  const Report report = make_report("test", project_.dataset_dir());
  EXPECT_EQ(report.conversations, 32u);
  EXPECT_EQ(report.turns.count(), 32u);
  EXPECT_EQ(report.turns.quantile(0.5), 1u);
  EXPECT_EQ(report.dropped,
            (std::vector<std::pair<std::string, std::uint64_t>>{
                {"exact duplicate of another record", 1}, {"malformed, skipped", 1}}));
  EXPECT_EQ(report.languages.at(0).first, "en");
  EXPECT_EQ(report.imported.changed_entities, 2u);
  const std::string text = report_text(report);
  EXPECT_NE(text.find("32  conversations"), std::string::npos) << text;
  EXPECT_NE(text.find("<odd>.jsonl:34: "), std::string::npos) << text;
  EXPECT_NE(text.find("German"), std::string::npos) << text;
  const Json json = report_json(report);
  EXPECT_EQ(json["conversations"], 32);
  EXPECT_EQ(json["dropped"].size(), 2u);
  EXPECT_EQ(json["lengths"]["turns"]["count"], 32);
}

TEST_F(ReportTest, ThePageIsSelfContainedAndEscaped) {
  const std::string html = report_html(make_report("test", project_.dataset_dir()));
  EXPECT_NE(html.find("<svg"), std::string::npos);
  EXPECT_NE(html.find("&lt;odd&gt;.jsonl"), std::string::npos);
  EXPECT_EQ(html.find("<odd>"), std::string::npos);
  for (const char* outside : {"http:", "https:", "src=", "@import", "<link", "url("}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
}

TEST_F(ReportTest, TheSummaryNamesTheNextStep) {
  write("more.jsonl", chat("something else entirely", "indeed it is"));
  const std::string text = describe_add(add({"more.jsonl"}));
  EXPECT_NE(text.find("more.jsonl: 1 records read, 1 used"), std::string::npos) << text;
  EXPECT_NE(text.find("parley train"), std::string::npos);
  EXPECT_NE(describe_add(add({"more.jsonl"})).find("Nothing to do"), std::string::npos);
}

TEST_F(ProjectTest, AReportNeedsADataset) {
  try {
    make_report("test", project_.dataset_dir());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kNotFound);
    EXPECT_NE(e.hint().find("parley data add"), std::string::npos);
  }
}

}  // namespace report_test
}  // namespace parley::data
