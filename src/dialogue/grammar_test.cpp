#include "dialogue/grammar.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "dialogue/grammar_write.hpp"

namespace parley::dialogue {
namespace grammar_test {
namespace fs = std::filesystem;

struct Written {
  std::vector<Dialogue> records;
  std::string error, hint;
};

Written write(const std::string& grammar, int count = 20, std::uint64_t seed = 1,
              const std::string& csv = "") {
  test::TempDir dir;
  write_file_atomically(dir.path() / "g.yaml", grammar);
  if (!csv.empty()) write_file_atomically(dir.path() / "t.csv", csv);
  Written written;
  try {
    generate_dialogues(dir.path() / "g.yaml", count, seed,
                       [&](Dialogue&& record) { written.records.push_back(std::move(record)); });
  } catch (const Error& e) {
    written.error = e.message();
    written.hint = e.hint();
  }
  return written;
}

std::string one_turn(const std::string& user, const std::string& assistant,
                     const std::string& more = "") {
  return more + "dialogues:\n  - steps:\n      - {user: \"" + user + "\", assistant: \"" +
         assistant + "\"}\n";
}

const char* const kCsv =
    "title,kind,year,cast,weight\n"
    "Red Hill,film,1999,Ann Lee;Bo May,1\n"
    "Blue Bay,series,2020,Cy Fox,3\n"
    "\"Green, Grey\",film,2021,,0\n";
const char* const kTables =
    "tables:\n  t: {file: t.csv, lists: [cast], weight: weight, key: title}\n";

TEST(Grammar, ExpandsChoicesRulesAndModifiers) {
  const auto written = write(
      "tables:\n  fruit:\n    - {name: apple, kinds: [red, green, old]}\n"
      "rules:\n  hi: [hello]\n"
      "dialogues:\n  - steps:\n      - bind: {f: fruit}\n"
      "        user: \"{hi} ,  i want {f|a} [or|or] {f.kinds|or}\"\n"
      "        assistant: \"{f|upper} {f.kinds} {f.kinds|count} {f.kinds|first|cap} "
      "\\\\{x\\\\}\"\n",
      1);
  ASSERT_EQ(written.error, "");
  EXPECT_EQ(written.records[0].messages[0].content, "Hello, i want an apple or red, green or old");
  EXPECT_EQ(written.records[0].messages[1].content, "APPLE red, green and old 3 Red {x}");
}

TEST(Grammar, BindsRowsByConditionAndWeight) {
  const std::string grammar = std::string(kTables) +
                              "dialogues:\n  - steps:\n"
                              "      - bind: {a: {from: t, where: [kind = film, year < 2000]}, b: "
                              "{from: t, where: title != a.title}}\n"
                              "        user: \"[1|2|3|4|5|6|7|8|9] [1|2|3|4|5|6|7|8|9]\"\n"
                              "        assistant: \"{a} {a.cast} {b}\"\n";
  const auto written = write(grammar, 50, 1, kCsv);
  ASSERT_EQ(written.error, "");
  for (const Dialogue& record : written.records) {
    EXPECT_EQ(record.messages[1].content,
              "Red Hill Ann Lee and Bo May Blue Bay");  // the third row has weight 0
  }
}

TEST(Grammar, WhenPicksAmongAlternatives) {
  const std::string grammar = std::string(kTables) +
                              "dialogues:\n  - steps:\n      - bind: {a: t}\n"
                              "        user: \"{a} [1|2|3|4|5|6|7|8|9]\"\n"
                              "        assistant: [{text: film, when: a.kind = film}, {text: "
                              "series, when: a.kind != film}]\n";
  const auto written = write(grammar, 15, 1, kCsv);
  ASSERT_EQ(written.error, "");
  for (const Dialogue& record : written.records) {
    EXPECT_EQ(record.messages[0].content.starts_with("Red Hill"),
              record.messages[1].content == "Film");
  }
}

TEST(Grammar, StepsBranchRepeatAndCallScenes) {
  const auto written = write(
      "scenes:\n  s: [{user: s, assistant: s}]\n"
      "dialogues:\n  - steps:\n"
      "      - {one_of: [{weight: 0, steps: [{user: never, assistant: never}]}, s]}\n"
      "      - {maybe: 1, scene: s}\n"
      "      - {maybe: 0, steps: [{user: never, assistant: never}]}\n"
      "      - {some: 2, of: [{steps: [{user: x, assistant: x}]}, {steps: [{user: y, assistant: "
      "y}]}]}\n",
      2);
  ASSERT_EQ(written.error, "");
  std::set<std::string> orders;
  for (const Dialogue& record : written.records) {
    ASSERT_EQ(record.messages.size(), 8u);
    orders.insert(record.messages[4].content + record.messages[6].content);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"XY", "YX"}));
}

TEST(Grammar, ErrorsNameFileLineRuleAndNearestName) {
  const auto error = [](const std::string& text) { return write(text, 1, 1, kCsv).error; };
  EXPECT_EQ(error(one_turn("{helo}", "x", "rules:\n  hello: [hi]\n")),
            "g.yaml:5: dialogue '': unknown rule or variable 'helo'; did you mean 'hello'?");
  EXPECT_EQ(error("rules:\n  r:\n    - \"{t.yeer}\"\n" + std::string(kTables) +
                  "dialogues:\n  - steps:\n      - {bind: {t: t}, user: \"{r}\", assistant: x}\n"),
            "g.yaml:3: rule 'r': table 't' has no column 'yeer'; did you mean 'year'?");
  EXPECT_EQ(error(one_turn("{t.year}", "x", kTables)),
            "g.yaml:5: dialogue '': unknown variable 't'");
  EXPECT_EQ(
      error(one_turn("{r|uper}", "x", "rules:\n  r: [x]\n")),
      "g.yaml:5: dialogue '': unknown modifier 'uper'; did you mean 'upper'? in \"{r|uper}\"");
  EXPECT_EQ(
      error("dialogues:\n  - steps:\n      - {user: x}\n"),
      "g.yaml:3: dialogue '': a turn needs both 'user' and 'assistant', 'assistant' is missing");
  EXPECT_EQ(error("dialogues:\n  - steps: [nowhere]\n"),
            "g.yaml:2: dialogue '': unknown scene 'nowhere'");
  EXPECT_EQ(error("dialogs:\n  - x\n"),
            "g.yaml:1: unknown key 'dialogs'; did you mean 'dialogues'?");
  EXPECT_NE(error(one_turn("[a|b", "x")).find("g.yaml:3: dialogue '': '[' without ']'"),
            std::string::npos)
      << error(one_turn("[a|b", "x"));
  EXPECT_NE(error("tables:\n  t: {file: none.csv}\ndialogues: []\n").find("none.csv: no such file"),
            std::string::npos);
  EXPECT_EQ(write(one_turn("x", "x", kTables), 1, 1, "title,cast,weight\nA,B\n").error,
            "t.csv:2: 2 cells, expected 3 as in the header");
}

TEST(Grammar, EndlessRulesStopWithTheirLine) {
  const auto written = write(one_turn("{r}", "x", "rules:\n  r: [\"{r}\"]\n"));
  EXPECT_NE(written.error.find("g.yaml:2: rules nested deeper than 40"), std::string::npos)
      << written.error;
  const auto wide = write(one_turn("{r}", "x", "rules:\n  r: [\"{r}{r}{r}{r}{r}{r}{r}{r} \"]\n"));
  EXPECT_NE(wide.error.find("nested deeper"), std::string::npos) << wide.error;
}

TEST(Grammar, SaysHowManyDistinctDialoguesThereAre) {
  const auto written = write(one_turn("[a|b|c]", "x"), 10);
  EXPECT_EQ(written.records.size(), 3u);
  EXPECT_NE(written.error.find("wrote 3 of 10 distinct dialogues"), std::string::npos)
      << written.error;
  EXPECT_NE(written.hint.find("lower the count"), std::string::npos);
}

TEST(Grammar, FillersStandAroundWhatUsersSay) {
  const std::string rules = "rules:\n  b: [\"so,\"]\n  e: [please]\n";
  const auto written = write(
      one_turn("who is it ?", "you",
               "noise:\n  before: {chance: 1, rule: b}\n  after: {chance: 1, rule: e}\n" + rules),
      1);
  ASSERT_EQ(written.error, "");
  EXPECT_EQ(written.records[0].messages[0].content, "So, who is it please?");
  EXPECT_EQ(written.records[0].messages[1].content, "You");
  EXPECT_EQ(
      write(one_turn("x", "x", "noise:\n  after: {chance: 1, rule: nowhere}\n" + rules)).error,
      "g.yaml:2: noise: unknown rule or variable 'nowhere'");
}

TEST(Grammar, TidiesText) {
  EXPECT_EQ(tidy("  hello ,  you .  is  it 3.5 ? yes "), "Hello, you. Is it 3.5? Yes");
  EXPECT_EQ(tidy("what's parley.yaml? a file."), "What's parley.yaml? A file.");
}

RC_GTEST_PROP(Grammar, ATypoIsOneSlipInOneWord, (std::uint64_t seed)) {
  Random random(seed);
  const std::string text = "please recommend something";
  const std::string changed = with_typo(text, random);
  RC_ASSERT(changed.size() + 1 >= text.size());
  RC_ASSERT(changed.size() <= text.size() + 1);
  RC_ASSERT(std::count(changed.begin(), changed.end(), ' ') == 2);
}

// --- the entertainment template -----------------------------------------------------------------

fs::path entertainment() {
  return fs::path(PARLEY_SOURCE_DIR) / "templates" / "entertainment";
}

std::vector<Dialogue> template_dialogues(int count, std::uint64_t seed = 1) {
  std::vector<Dialogue> records;
  generate_dialogues(entertainment() / "data" / "dialogues.grammar.yaml", count, seed,
                     [&](Dialogue&& record) { records.push_back(std::move(record)); });
  return records;
}

TEST(EntertainmentTemplate, WritesManyDistinctVariedDialogues) {
  const auto records = template_dialogues(5000);
  std::set<std::string> all, openings;
  std::size_t turns = 0, multi_turn = 0;
  for (const Dialogue& record : records) {
    std::string text;
    ASSERT_EQ(record.messages.size() % 2, 0u);
    for (std::size_t i = 0; i < record.messages.size(); ++i) {
      EXPECT_EQ(record.messages[i].role, i % 2 == 0 ? "user" : "assistant");
      EXPECT_FALSE(record.messages[i].content.empty());
      EXPECT_EQ(record.messages[i].content.find_first_of("{}[]|"), std::string::npos)
          << record.messages[i].content;
      text += record.messages[i].content + "\n";
    }
    all.insert(text);
    openings.insert(record.messages[0].content);
    turns += record.messages.size() / 2;
    multi_turn += record.messages.size() > 2;
  }
  EXPECT_EQ(all.size(), 5000u);
  EXPECT_GE(openings.size(), 3500u);
  EXPECT_GE(multi_turn, 3500u);
  EXPECT_GE(turns, 10'000u);
}

TEST(EntertainmentTemplate, IsTheSameForTheSameSeedAndAPrefixForASmallerCount) {
  const auto many = template_dialogues(300), few = template_dialogues(100),
             other = template_dialogues(100, 2);
  int same_as_other = 0;
  for (std::size_t i = 0; i < few.size(); ++i) {
    EXPECT_EQ(few[i].id, many[i].id);
    same_as_other += few[i].id == other[i].id;
  }
  EXPECT_LT(same_as_other, 5);
}

TEST(EntertainmentTemplate, CatalogueIsWholeAndItsTitlesAreDistinct) {
  const Table table = read_table(entertainment() / "data" / "catalogue.csv", "titles",
                                 {"genres", "moods", "cast"}, "popularity", "title");
  EXPECT_GE(table.rows.size(), 200u);
  std::set<std::string> titles;
  for (const auto& row : table.rows) {
    titles.insert(row[table.key][0]);
    for (const char* column : {"kind", "year", "genre", "genres", "moods", "director", "cast",
                               "rating", "plan", "about"}) {
      EXPECT_FALSE(row[table.column(column)].empty()) << row[table.key][0] << ": " << column;
    }
    const bool film = row[table.column("kind")][0] == "film";
    EXPECT_EQ(row[table.column("minutes")].empty(), !film);
    EXPECT_EQ(row[table.column("seasons")].empty(), film);
  }
  EXPECT_EQ(titles.size(), table.rows.size());
}

TEST(EntertainmentTemplate, RepliesAgreeWithTheCatalogue) {
  const Table table =
      read_table(entertainment() / "data" / "catalogue.csv", "titles", {"cast"}, "", "title");
  std::map<std::string, std::size_t> rows;
  for (std::size_t r = 0; r < table.rows.size(); ++r) rows[table.rows[r][0][0]] = r;
  int checked = 0;
  for (const Dialogue& record : template_dialogues(3000)) {
    for (const auto& message : record.messages) {
      for (const auto& [verb, column] :
           {std::pair{" came out in ", "year"}, std::pair{" was directed by ", "director"}}) {
        const std::size_t at = message.content.find(verb);
        if (message.role != "assistant" || at == std::string::npos) continue;
        const auto row = rows.find(message.content.substr(0, at));
        ASSERT_NE(row, rows.end()) << message.content;
        EXPECT_EQ(message.content,
                  row->first + verb + table.rows[row->second][table.column(column)][0] + ".");
        ++checked;
      }
    }
  }
  EXPECT_GE(checked, 500);
}

}  // namespace grammar_test
}  // namespace parley::dialogue
