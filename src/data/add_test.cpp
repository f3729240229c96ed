#include "data/add.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <random>
#include <set>

#include "data/test_project.hpp"
#include "text/clean.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace add_test {
namespace fs = std::filesystem;

class Add : public ProjectTest {
 protected:
  static std::string many(int count, int first = 0) {
    std::string lines;
    for (int i = first; i < first + count; ++i) {
      lines +=
          chat("question number " + std::to_string(i), "answer number " + std::to_string(i * 7));
    }
    return lines;
  }
};

TEST_F(Add, ReadsEveryFormat) {
  write("a.jsonl", "\xEF\xBB\xBF" + chat("hi", "hello &amp; welcome") + "\r\n" +
                       chat("caf\\u0065\\u0301", "yes"));
  write("b.json",
        R"([{"conversations":[{"from":"human","value":"one"},{"from":"gpt","value":"two"}]}])");
  write("c.csv", "conversation_id,question,answer\r\n1,\"a, \"\"b\"\"\",x\r\n1,c,y\r\n2,d,z\r\n");
  write("docs/guide.md", "---\ntitle: The guide\n---\nRead *this*.\n");
  write("docs/page.html", "<title>Page</title><p>Some text</p>");
  write("docs/note.txt", "Plain   words.\r\n");
  write("docs/picture.png", "\x89PNG\x01");
  const AddResult result = add({"a.jsonl", "b.json", "c.csv", "docs"});
  EXPECT_TRUE(result.changed);
  std::set<std::string> seen;
  for (const Record& r : records()) {
    std::string text = r.is_document() ? r.title + "=" + r.text : "";
    for (const auto& m : r.messages) text += m.role.substr(0, 1) + ":" + m.content + "|";
    seen.insert(text);
  }
  EXPECT_EQ(seen, (std::set<std::string>{"u:hi|a:hello & welcome|", "u:café|a:yes|", "u:one|a:two|",
                                         "u:a, \"b\"|a:x|u:c|a:y|", "u:d|a:z|",
                                         "The guide=The guide\n\nRead this.",
                                         "Page=Page\n\nSome text", "note=Plain words."}));
  const auto docs = std::find_if(result.dataset.sources.begin(), result.dataset.sources.end(),
                                 [](const SourceEntry& s) { return s.name == "docs"; });
  ASSERT_NE(docs, result.dataset.sources.end());
  EXPECT_EQ(docs->ignored,
            std::vector<std::string>{"docs/picture.png: an image; write down what it says as "
                                     "text or Markdown, and add that"});
}

TEST_F(Add, SourcesAccumulateAndAddingAgainReplaces) {
  write("a.jsonl", many(20));
  write("b.jsonl", many(20, 100));
  EXPECT_TRUE(add({"a.jsonl"}).changed);
  const std::string first = DatasetReader(project_.dataset_dir()).address();
  EXPECT_FALSE(add({"a.jsonl"}).changed);
  EXPECT_EQ(DatasetReader(project_.dataset_dir()).address(), first);
  EXPECT_TRUE(add({"b.jsonl"}).changed);
  EXPECT_EQ(records().size(), 40u);
  write("a.jsonl", many(5));
  const AddResult again = add({"a.jsonl", "b.jsonl"});
  EXPECT_EQ(again.imported, std::vector<std::string>{"a.jsonl"});
  EXPECT_EQ(records().size(), 25u);
  // What is no longer used is gone from the disk.
  EXPECT_EQ(std::distance(fs::directory_iterator(project_.dataset_dir() / "sources"),
                          fs::directory_iterator()),
            2);
  remove_data(project_, settings_, {"b.jsonl"});
  EXPECT_EQ(records().size(), 5u);
}

TEST_F(Add, TheOrderOfCommandsDoesNotMatter) {
  write("a.jsonl", many(20));
  write("b.jsonl", many(20, 10));
  add({"a.jsonl"});
  add({"b.jsonl"});
  const std::string one = DatasetReader(project_.dataset_dir()).address();
  fs::remove_all(project_.dataset_dir());
  add({"b.jsonl", "a.jsonl"});
  EXPECT_EQ(DatasetReader(project_.dataset_dir()).address(), one);
}

TEST_F(Add, WithoutPathsTakesTheProjectsSources) {
  write("data/a.jsonl", many(10));
  write("data/b.jsonl", many(10, 50));
  write("extra.jsonl", many(10, 80));
  settings_.sources.push_back({"data/*.jsonl", "", "auto", "", 0, 1, ""});
  add({});
  EXPECT_EQ(records().size(), 20u);
  add({"extra.jsonl"});
  EXPECT_EQ(records().size(), 30u);
  settings_.sources[0].path =
      "data/a.jsonl";  // b is no longer listed; what was added by hand stays
  add({});
  EXPECT_EQ(records().size(), 20u);
  settings_.sources.clear();
  EXPECT_NE(failure_of({}).message().find("parley.yaml lists no data.sources"), std::string::npos);
}

TEST_F(Add, DropsExactAndNearDuplicatesButNotSharedPhrases) {
  std::string talk;
  for (int i = 0; i < 100; ++i) talk += "word" + std::to_string(i * i % 97) + " ";
  write("a.jsonl", chat("tell me", talk) + chat("tell me", talk) +
                       chat("tell me", talk + "indeed") + chat("play Up", "Playing Up, enjoy") +
                       chat("play Cars", "Playing Cars, enjoy") + chat("no reply", " ") +
                       R"({"messages":[]})"
                       "\n");
  const AddResult result = add({"a.jsonl"});
  EXPECT_EQ(result.dataset.total.exact_duplicates, 1u);
  EXPECT_EQ(result.dataset.total.near_duplicates, 1u);
  EXPECT_EQ(result.dataset.used(), 3u);
  EXPECT_EQ(result.dataset.sources[0].counts.dropped_no_reply, 1u);
  EXPECT_EQ(result.dataset.sources[0].counts.dropped_empty, 1u);
  settings_.near_duplicates = 1;
  add({"a.jsonl"});
  EXPECT_EQ(records().size(), 4u);
}

TEST_F(Add, NearDuplicatesNeverStraddleTheSplit) {
  // Families of variants: whatever survives of a family must be further apart than the threshold,
  // on either side.
  std::mt19937 rng(5);
  std::string lines;
  for (int family = 0; family < 60; ++family) {
    std::vector<std::string> base;
    for (int i = 0; i < 120; ++i) base.push_back("w" + std::to_string(rng() % 3000));
    for (int variant = 0; variant < 5; ++variant) {
      auto words = base;
      for (int change = 0; change < variant; ++change)
        words[rng() % words.size()] = "x" + std::to_string(rng());
      std::string text;
      for (const auto& word : words) text += word + " ";
      lines += chat("go", text);
    }
  }
  write("a.jsonl", lines);
  const AddResult result = add({"a.jsonl"});
  EXPECT_GT(result.dataset.total.near_duplicates, 60u);
  const auto all = records();
  Shingler shingler;
  std::vector<std::vector<std::uint64_t>> shingles;
  for (const Record& r : all) shingles.push_back(shingler.shingles(r));
  int missed = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) missed += jaccard(shingles[i], shingles[j]) >= 0.85;
  }
  // Candidates come from banding, which finds at least 98 of 100 pairs at the threshold and nearly
  // all above it.
  EXPECT_LE(missed, 2);
}

TEST_F(Add, TheSplitIsStableWhenDataGrows) {
  write("a.jsonl", many(300));
  add({"a.jsonl"});
  std::set<std::string> held_out;
  for (const Record& r : records()) {
    if (r.split == Split::kValidation) held_out.insert(r.messages[0].content);
  }
  EXPECT_GT(held_out.size(), 30u);
  EXPECT_LT(held_out.size(), 90u);
  write("b.jsonl", many(300, 1000));
  add({"b.jsonl"});
  for (const Record& r : records()) {
    if (r.messages[0].content.size() < std::string("question number 1000").size()) {
      EXPECT_EQ(r.split == Split::kValidation, held_out.count(r.messages[0].content) == 1);
    }
  }
}

TEST_F(Add, SmallDataHasBothSides) {
  settings_.validation = 0.01;
  write("a.jsonl", many(4));
  const AddResult result = add({"a.jsonl"});
  EXPECT_EQ(result.dataset.total.validation, 1u);
  EXPECT_EQ(result.dataset.total.train, 3u);
}

TEST_F(Add, AMalformedRecordStopsWithItsLineAndChangesNothing) {
  write("good.jsonl", many(5));
  add({"good.jsonl"});
  const Error e =
      failure("bad.jsonl", many(3) + "{\"messages\":[{\"role\":\"user\",\"conte\n" + many(2));
  EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
  EXPECT_NE(e.message().find("bad.jsonl:4: not valid JSON"), std::string::npos) << e.message();
  EXPECT_NE(e.hint().find("--skip-bad"), std::string::npos);
  EXPECT_EQ(records().size(), 5u);
}

TEST_F(Add, SkipBadCountsAndLists) {
  write("bad.jsonl", chat("a", "b") + "nonsense\n" + chat("c", "d") + "{\"messages\":3}\n\xff\n" +
                         chat("e", "f"));
  const AddResult result = add({"bad.jsonl"}, true);
  const SourceEntry& source = result.dataset.sources.at(0);
  EXPECT_EQ(source.counts.stored, 3u);
  EXPECT_EQ(source.counts.bad, 3u);
  ASSERT_EQ(source.bad.size(), 3u);
  EXPECT_EQ(source.bad[0].substr(0, 12), "bad.jsonl:2:");
  EXPECT_EQ(source.bad[1], "bad.jsonl:4: messages is a number, expected an array");
  EXPECT_EQ(source.bad[2].substr(0, 12), "bad.jsonl:5:");
}

TEST_F(Add, TheSameErrorIsReportedEveryTime) {
  std::string lines = many(4000);
  for (int i = 0; i < 50; ++i) lines += "bad " + std::to_string(i) + "\n" + many(1000);
  write("big.jsonl", lines);
  AddRequest request;
  request.paths = {"big.jsonl"};
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(failure_of(request).message().substr(0, 15), "big.jsonl:4001:");
}

TEST_F(Add, FaultyInputsSayWhatToDo) {
  EXPECT_EQ(failure("e.jsonl", "").message(), "e.jsonl: the file is empty");
  EXPECT_EQ(failure("e.jsonl", "\n \r\n").message(), "e.jsonl: the file is empty");
  EXPECT_NE(failure("u.jsonl", chat("a", "\xC3(")).message().find("u.jsonl:1: invalid UTF-8"),
            std::string::npos);
  EXPECT_NE(failure("d.jsonl", "{\"messages\":" + std::string(1'000'000, '[') + "\n")
                .message()
                .find("d.jsonl:1:"),
            std::string::npos);
  EXPECT_NE(failure("t.json", "[" + chat("a", "b").substr(0, 40)).message().find("t.json:1:"),
            std::string::npos);
  EXPECT_NE(
      failure("m.csv", "question,notes\na,b\n").message().find("m.csv:1: cannot find a column"),
      std::string::npos);
  EXPECT_EQ(failure("r.csv", "question,answer\na,b\nc\n").message().substr(0, 8), "r.csv:3:");
  EXPECT_EQ(failure("u.csv", "question,answer\na,b\n\xff,c\n").message(), "u.csv:3: invalid UTF-8");
  EXPECT_EQ(failure("q.csv", "question,answer\na,\"b\n").message().substr(0, 8), "q.csv:2:");
  EXPECT_EQ(failure("s.csv", "id,session,question,answer\n1,x,a,b\n2,y,c,d\n3,x,e,f\n")
                .message()
                .substr(0, 8),
            "s.csv:4:");
  EXPECT_NE(failure("h.csv", "question,answer\n").message().find("no usable record"),
            std::string::npos);
  EXPECT_NE(failure("n.jsonl", R"({"messages":[{"role":"user","content":"only me"}]})")
                .message()
                .find("1 without a message of the assistant to learn from"),
            std::string::npos);
  EXPECT_NE(failure("x.dat", "what is this").message().find("cannot tell the format"),
            std::string::npos);
  EXPECT_NE(failure("x.jsonl.gz", "\x1f\x8b").message().find("packed"), std::string::npos);
  EXPECT_NE(failure("b.txt", std::string("a\0b", 3)).message().find("binary"), std::string::npos);
  AddRequest request;
  request.paths = {"missing.jsonl"};
  EXPECT_EQ(failure_of(request).message(), "missing.jsonl: no such file");
  fs::create_directories(dir_.path() / "empty");
  request.paths = {"empty"};
  EXPECT_EQ(failure_of(request).message(), "empty: the folder is empty");
  request.paths = {"*.nothing"};
  EXPECT_EQ(failure_of(request).message(), "*.nothing: no file matches");
  request.paths = {"e.jsonl"};
  request.format = "xml";
  EXPECT_EQ(failure_of(request).kind(), ErrorKind::kUsage);
}

TEST_F(Add, AnUnreadableFileIsNamed) {
  write("secret.jsonl", chat("a", "b"));
  fs::permissions(dir_.path() / "secret.jsonl", fs::perms::none);
  // Root may read anything: become nobody for the attempt.
  const bool root = ::geteuid() == 0;
  if (root) {
    fs::permissions(dir_.path(), fs::perms::all);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  AddRequest request;
  request.paths = {"secret.jsonl"};
  const Error e = failure_of(request);
  if (root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  EXPECT_EQ(e.kind(), ErrorKind::kIo);
  EXPECT_NE(e.message().find("secret.jsonl: Permission denied"), std::string::npos) << e.message();
}

TEST_F(Add, ATenMegabyteLineIsARecordLikeAnyOther) {
  std::string words;
  for (int i = 0; words.size() < 10'000'000; ++i) words += "w" + std::to_string(i) + " ";
  words.pop_back();
  write("long.jsonl", chat("a", "b") + chat("long", words) + chat("c", "d"));
  add({"long.jsonl"});
  const auto all = records();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].messages[1].content, words);
}

TEST_F(Add, DocumentsWithBadBytesAreRepairedAndCounted) {
  write("latin1.txt", "caf\xe9 and cr\xe8me");
  const AddResult result = add({"latin1.txt"});
  EXPECT_EQ(result.dataset.sources[0].counts.changed_bytes, 1u);
  EXPECT_EQ(records().at(0).text, "caf\uFFFD and cr\uFFFDme");
}

TEST_F(Add, ALongTextComesInParts) {
  std::string text;
  for (int i = 0; text.size() < 1'500'000; ++i)
    text += "Paragraph " + std::to_string(i) + " is here.\n\n";
  write("book.txt", text);
  add({"book.txt"});
  std::string joined;
  const auto all = records();
  EXPECT_GT(all.size(), 20u);
  for (const Record& r : all) joined += r.text + "\n\n";
  EXPECT_EQ(joined, text);
}

TEST_F(Add, OneImportAtATime) {
  write("a.jsonl", many(3));
  add({"a.jsonl"});
  const int fd = ::open((project_.dataset_dir() / ".lock").c_str(), O_RDWR);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::flock(fd, LOCK_EX), 0);
  AddRequest request;
  request.paths = {"a.jsonl"};
  try {
    add_data(project_, settings_, request);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kConflict);
  }
  ::close(fd);
}

TEST_F(Add, WhatAKilledImportLeftIsCleared) {
  write("a.jsonl", many(3));
  fs::create_directories(project_.dataset_dir() / ".importing" / "source-0");
  write(".parley/dataset/.importing/source-0/part-0000.jsonl", "half");
  add({"a.jsonl"});
  EXPECT_EQ(records().size(), 3u);
  EXPECT_FALSE(fs::exists(project_.dataset_dir() / ".importing"));
}

TEST_F(Add, ADamagedDatasetIsNoticed) {
  EXPECT_THROW(DatasetReader(project_.dataset_dir()), Error);
  write("a.jsonl", many(30));
  const AddResult result = add({"a.jsonl"});
  const fs::path part =
      project_.dataset_dir() / result.dataset.sources[0].folder / "part-0000.jsonl";
  fs::resize_file(part, fs::file_size(part) - 10);
  try {
    DatasetReader reader(project_.dataset_dir());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
  }
}

TEST_F(Add, AReaderSurvivesANewImport) {
  write("a.jsonl", many(30));
  add({"a.jsonl"});
  DatasetReader reader(project_.dataset_dir());
  write("a.jsonl", many(7, 500));
  add({"a.jsonl"});
  Record record;
  int count = 0;
  while (reader.next(record)) ++count;
  EXPECT_EQ(count, 30);
}

TEST_F(Add, ReadConversationsCleansLikeTheDataset) {
  write("eval.jsonl", chat("a  &lt; b", "ok\\r\\n") + "\n" + chat("c", "d"));
  const auto all = read_conversations(dir_.path() / "eval.jsonl");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].messages[0].content, "a < b");
  EXPECT_EQ(all[0].messages[1].content, "ok");
  EXPECT_EQ(all[1].id, "eval:3");
  write("bad.jsonl", chat("a", "b") + "{");
  try {
    read_conversations(dir_.path() / "bad.jsonl");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("bad.jsonl:2:"), std::string::npos);
  }
}

TEST_F(Add, RealConversationsAndDocuments) {
  const auto chats = test::shared_data("conversations/sgd_entertainment_train.jsonl");
  const auto pages = test::shared_data("knowledge/ercs");
  if (!chats || !pages) GTEST_SKIP() << "no shared data";
  const AddResult result = add({chats->string(), pages->string()});
  EXPECT_EQ(result.dataset.records(), 3868u + 141u);
  EXPECT_EQ(result.dataset.total.exact_duplicates, 0u);
  std::uint64_t conversations = 0;
  for (const Record& r : records()) {
    conversations += !r.is_document();
    if (r.is_document()) {
      EXPECT_FALSE(r.title.empty()) << r.id;
      EXPECT_EQ(r.text.compare(0, r.title.size(), r.title), 0) << r.title;
      EXPECT_TRUE(text::is_valid_utf8(r.text) && text::is_nfc(r.text));
    }
  }
  EXPECT_EQ(conversations, 3868u);
}

}  // namespace add_test
}  // namespace parley::data
