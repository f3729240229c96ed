#include "data/sources/csv.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "data/sources/columns.hpp"

namespace parley::data {
namespace csv_test {

std::vector<CsvRow> parse(std::string_view text, char separator = ',', std::size_t piece = 1000) {
  std::vector<CsvRow> rows;
  CsvParser parser({separator}, [&](CsvRow&& row) {
    rows.push_back(std::move(row));
    return true;
  });
  for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece));
  parser.finish();
  return rows;
}

using Fields = std::vector<std::string>;

TEST(Csv, ReadsWhatRfc4180Allows) {
  const auto rows = parse("a,b\r\n\"x, \"\"y\"\"\n2\",\r\n\r\n,\"\"\nlast,row");
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].fields, (Fields{"a", "b"}));
  EXPECT_EQ(rows[1].fields, (Fields{"x, \"y\"\n2", ""}));
  EXPECT_EQ(rows[2].fields, (Fields{"", ""}));
  EXPECT_EQ(rows[3].fields, (Fields{"last", "row"}));
  EXPECT_EQ(rows[1].line, 2u);
  EXPECT_EQ(rows[2].line, 5u);
  EXPECT_EQ(rows[3].line, 6u);
}

TEST(Csv, NamesTheLineOfAMalformedRowAndGoesOn) {
  const auto rows = parse("a,b\n\"x\"y,z\nc,d\n");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_NE(rows[1].error.find("doubled"), std::string::npos);
  EXPECT_EQ(rows[1].line, 2u);
  EXPECT_EQ(rows[2].fields, (Fields{"c", "d"}));
  const auto open = parse("a,b\nc,\"d\ne\n");
  ASSERT_EQ(open.size(), 2u);
  EXPECT_NE(open[1].error.find("not closed"), std::string::npos);
  EXPECT_EQ(open[1].line, 2u);
}

char separator_of(std::string start) {
  return CsvParser::take_dialect(start).separator;
}

TEST(Csv, GuessesTheSeparator) {
  EXPECT_EQ(separator_of("a,b,c\n1;2;3;4;5"), ',');
  EXPECT_EQ(separator_of("a;b\n"), ';');
  EXPECT_EQ(separator_of("a|b\n"), '|');
  EXPECT_EQ(separator_of("\"a,b,c\"\tb\n"), '\t');
}

TEST(Csv, ExcelsFirstLineSaysTheSeparator) {
  for (const char* first : {"sep=;\r\n", "SEP=;\n", "\"sep=;\"\r"}) {
    std::string text = std::string(first) + "a,b;c\n";
    const auto dialect = CsvParser::take_dialect(text);
    EXPECT_EQ(dialect.separator, ';');
    EXPECT_EQ(dialect.first_line, 2u);
    EXPECT_EQ(text, "a,b;c\n");
  }
  std::string column = "sep=,b\n";
  EXPECT_EQ(CsvParser::take_dialect(column).first_line, 1u);
}

TEST(Csv, RoundTripsAnyFieldsInPiecesOfAnySize) {
  EXPECT_TRUE(rc::check([] {
    const auto field = rc::gen::container<std::string>(
        rc::gen::element('a', ' ', ',', '"', '\n', '\r', ';', '\xc3'));
    const auto rows = *rc::gen::nonEmpty(rc::gen::container<std::vector<Fields>>(
        rc::gen::nonEmpty(rc::gen::container<Fields>(field))));
    std::string text;
    for (const auto& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        text += i ? ",\"" : "\"";
        for (const char c : row[i]) text += c == '"' ? std::string("\"\"") : std::string(1, c);
        text += '"';
      }
      text += "\r\n";
    }
    const auto read = parse(text, ',', *rc::gen::inRange<std::size_t>(1, 40));
    RC_ASSERT(read.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      RC_ASSERT(read[i].error.empty());
      RC_ASSERT(read[i].fields == rows[i]);
    }
  }));
}

TEST(Csv, LineNumbersDoNotDependOnThePieces) {
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', ',', '"', '\n', '\r'));
    const auto whole = parse(text, ',', 1000), pieces = parse(text, ',', 1);
    RC_ASSERT(whole.size() == pieces.size());
    for (std::size_t i = 0; i < whole.size(); ++i) {
      RC_ASSERT(whole[i].line == pieces[i].line);
      RC_ASSERT(whole[i].fields == pieces[i].fields);
    }
  }));
}

TEST(CsvColumns, AreFoundByCommonNamesOrByMapping) {
  auto columns = find_columns({"Conversation ID", "Question", "Answer"}, {}, "f.csv:1");
  EXPECT_EQ(columns.id, 0u);
  EXPECT_EQ(columns.user, 1u);
  EXPECT_EQ(columns.assistant, 2u);
  columns = find_columns({"a", "b", "c"}, ColumnMapping("user=c,assistant=a"), "f.csv:1");
  EXPECT_EQ(columns.user, 2u);
  EXPECT_EQ(columns.assistant, 0u);
  columns = find_columns({"speaker", "text", "session"}, {}, "f.csv:1");
  EXPECT_EQ(columns.role, 0u);
  EXPECT_EQ(columns.content, 1u);
  EXPECT_EQ(columns.id, 2u);
  columns = find_columns({"instruction", "input", "output"}, {}, "f.csv:1");
  EXPECT_EQ(columns.user, 0u);
  EXPECT_EQ(columns.input, 1u);
  columns = find_columns({"input", "output"}, {}, "f.csv:1");
  EXPECT_EQ(columns.user, 0u);
  EXPECT_FALSE(columns.input);
}

TEST(CsvColumns, AreUsedOrLeftOutKnowinglyOrRefused) {
  try {
    find_columns({"question", "answer", "remark", "answer", "date"}, {}, "f.csv:1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(),
              "f.csv:1: nothing says what is in \"remark\", \"answer\" (the rest is "
              "user=question,assistant=answer)");
    EXPECT_NE(e.hint().find("--columns user=question,assistant=answer"), std::string::npos);
  }
  const std::vector<std::size_t> date = {2}, both = {1, 3};
  EXPECT_EQ(find_columns({"question", "answer", "date", ""}, {}, "f.csv:1").unread, date);
  EXPECT_EQ(find_columns({"question", "answer", "date", ""}, {}, "f.csv:1").unnamed.size(), 1u);
  EXPECT_EQ(find_columns({"instruction", "input", "output", "x"},
                         ColumnMapping("user=instruction,assistant=output"), "f.csv:1")
                .unread,
            both);
}

TEST(CsvColumns, MissingOnesAreNamedWithWhatThereIs) {
  try {
    find_columns({"question", "notes"}, {}, "f.csv:1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(),
              "f.csv:1: cannot find a column with the assistant's replies; the header has "
              "question, notes");
    EXPECT_NE(e.hint().find("--columns"), std::string::npos);
  }
  try {
    find_columns({"question", "notes"}, ColumnMapping("user=question,assistant=anser"), "f.csv:1");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("no column \"anser\""), std::string::npos);
  }
  try {
    ColumnMapping("usr=q");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kUsage);
  }
}

}  // namespace csv_test
}  // namespace parley::data
