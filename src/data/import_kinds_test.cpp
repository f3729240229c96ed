// What an import must not do in silence: lose a column, a weight, a word; begin unasked.
#include <filesystem>

#include "data/report/report.hpp"
#include "data/test_project.hpp"

namespace parley::data {
namespace import_kinds_test {
namespace fs = std::filesystem;

class ImportKinds : public ProjectTest {
 protected:
  // "u:…|a:…|" with ! behind the role of a message that is not learned, sorted by the text.
  std::vector<std::string> said() {
    std::vector<std::string> all;
    for (const Record& record : records()) {
      std::string& text = all.emplace_back(record.text);
      for (const auto& message : record.messages) {
        text += message.role.substr(0, 1) + (message.learned ? ":" : "!:") + message.content + "|";
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  using Said = std::vector<std::string>;
};

TEST_F(ImportKinds, AlpacaInATable) {
  write("a.csv",
        "instruction,input,output\r\n\"Translate.\",Hi,Hallo\r\nName a fruit.,\"\",Apple\r\n");
  add({"a.csv"});
  EXPECT_EQ(said(), (Said{"u:Name a fruit.|a:Apple|", "u:Translate.\nHi|a:Hallo|"}));
}

TEST_F(ImportKinds, ExcelsTables) {
  write("a.csv", "sep=;\r\nquestion;answer\r\na, b;c\r\n");
  write("b.tsv", std::string("\xFF\xFEq\0u\0e\0s\0t\0i\0o\0n\0\t\0", 20) +
                     std::string("a\0n\0s\0w\0e\0r\0\n\0d\0\t\0\xE9\0\n\0", 22));
  add({"a.csv", "b.tsv"});
  EXPECT_EQ(said(), (Said{"u:a, b|a:c|", "u:d|a:é|"}));
}

TEST_F(ImportKinds, ColumnsThatAreLeftOutAreTold) {
  EXPECT_NE(failure("a.csv", "question,answer,remark\na,b,c\n").message().find("\"remark\""),
            std::string::npos);
  EXPECT_NE(failure("b.csv", "question,answer,\na,b,words\n").message().find("column 3 has text"),
            std::string::npos);
  AddRequest request;
  request.paths = {"a.csv"};
  request.columns = "user=question,assistant=answer";
  const std::string told = describe_add(add_data(project_, settings_, request));
  EXPECT_NE(told.find("not read, and in how many records: remark (1)"), std::string::npos) << told;
  write("c.md", "text");
  request.paths = {"c.md"};
  EXPECT_EQ(failure_of(request).kind(), ErrorKind::kUsage);
}

TEST_F(ImportKinds, WeightsReachTheDataset) {
  write("a.jsonl",
        R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"bad",)"
        R"("weight":0},{"role":"user","content":"r"},{"role":"assistant","content":"good"}]})"
        "\n");
  write("b.csv", "question,answer,weight\nx,y,1\nv,w,0\n");
  const AddResult result = add({"a.jsonl", "b.csv"});
  EXPECT_EQ(said(), (Said{"u:q|a!:bad|u:r|a:good|", "u:x|a:y|"}));
  EXPECT_EQ(result.dataset.sources[0].counts.weight_zero, 1u);
  EXPECT_EQ(result.dataset.sources[1].counts.dropped_no_reply, 1u);
}

TEST_F(ImportKinds, NobodyAnswersUnasked) {
  write("a.csv", "question,answer\na,b\n,c\n");
  write("b.jsonl", R"({"messages":[{"role":"assistant","content":"Hello!"},)"
                   R"({"role":"user","content":"d"},{"role":"assistant","content":"e"}]})"
                   "\n");
  const AddResult result = add({"a.csv", "b.jsonl"});
  EXPECT_EQ(said(), (Said{"a!:Hello!|u:d|a:e|", "u:a|a:b|"}));
  EXPECT_EQ(result.dataset.sources[0].counts.dropped_unasked, 1u);
  EXPECT_EQ(result.dataset.sources[1].counts.openings, 1u);
  const std::string told = describe_add(result);
  EXPECT_NE(told.find("1 in which nobody asks"), std::string::npos) << told;
  EXPECT_NE(told.find("before the first question: context"), std::string::npos) << told;
}

TEST_F(ImportKinds, SpeakerLinesAreConversationsUnlessADocumentIsAskedFor) {
  write("a.md", "# Log\n\n**Customer:** hi\n**Agent:** hello\n");
  const AddResult result = add({"a.md"});
  EXPECT_EQ(said(), (Said{"u:hi|a:hello|"}));
  EXPECT_NE(describe_add(result).find("a.md: read as 1 conversation"), std::string::npos);
  AddRequest request;
  request.paths = {"a.md"};
  request.format = "document";
  add_data(project_, settings_, request);
  EXPECT_EQ(said().at(0).find("Log"), 0u);
}

TEST_F(ImportKinds, WhatIsNoTextSaysWhatItIs) {
  EXPECT_EQ(failure("a.pdf", "%PDF-1.7\n\xE2\xE3").message(), "a.pdf: a PDF, not text");
  EXPECT_EQ(failure("a.txt", "\x89PNG\r\n").message(), "a.txt: an image, not text");
  EXPECT_NE(failure("a.docx", std::string("PK\x03\x04\0", 5)).hint().find("HTML"),
            std::string::npos);
  EXPECT_NE(failure("a.xlsx", std::string("PK\x03\x04\0", 5)).hint().find("CSV"),
            std::string::npos);
  EXPECT_NE(failure("a.zip", std::string("PK\x03\x04\0", 5)).hint().find("unpack"),
            std::string::npos);
  EXPECT_NE(failure("a.mp3", "\xff\xfb\x90").hint().find("transcribe"), std::string::npos);
  EXPECT_EQ(failure("a.bin", std::string("\0\1", 2)).message(), "a.bin: binary data, not text");
  for (const char* name : {"a.pdf", "a.txt", "a.docx", "a.bin"}) {
    AddRequest request;
    request.paths = {name};
    EXPECT_EQ(failure_of(request).hint().find("--format"), std::string::npos) << name;
  }
  // A table under the name of a spreadsheet is a table, when that is said.
  write("t.xls", "question\tanswer\na\tb\n");
  AddRequest request;
  request.paths = {"t.xls"};
  request.format = "csv";
  EXPECT_TRUE(add_data(project_, settings_, request).changed);
}

TEST_F(ImportKinds, SourcesWithNothingInThemArePassedOver) {
  for (const char* path : {"data", "knowledge", "more/*.md"})
    settings_.sources.push_back({path, "", "auto", "", 0, 1, ""});
  fs::create_directories(dir_.path() / "data");
  const Error nothing = failure_of({});
  EXPECT_EQ(nothing.message(), "there is no data yet: nothing is in data, knowledge, more/*.md");
  write("data/a.jsonl", chat("a", "b"));
  const AddResult result = add({});
  EXPECT_EQ(result.absent, (std::vector<std::string>{"knowledge", "more/*.md"}));
  EXPECT_NE(describe_add(result).find("knowledge: nothing there yet"), std::string::npos);
  EXPECT_EQ(said(), (Said{"u:a|a:b|"}));
}

}  // namespace import_kinds_test
}  // namespace parley::data
