#include "data/sources/json_record.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace parley::data {
namespace json_record_test {

struct Parsed {
  std::string id;
  std::vector<std::pair<Role, std::string>> messages;
  int left_out = 0;
  std::vector<bool> learned;
  std::vector<std::string> unread;
};

Parsed parse(std::string json, JsonShape shape = JsonShape::kAny, const ReadOptions& options = {}) {
  JsonRecordParser parser(options);
  RawRecord record;
  const std::size_t size = json.size();
  json.append(kJsonPadding, '}');
  parser.parse(std::string_view(json).substr(0, size), shape, {"f.jsonl", 7}, record);
  Parsed parsed{std::string(record.id), {}, record.left_out, {}, {}};
  for (const auto& m : record.messages) {
    parsed.messages.emplace_back(m.role, std::string(m.content));
    parsed.learned.push_back(m.learned);
  }
  for (const std::string_view field : record.unread) parsed.unread.emplace_back(field);
  return parsed;
}

std::string error_of(const std::string& json, JsonShape shape = JsonShape::kAny) {
  try {
    parse(json, shape);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    EXPECT_FALSE(e.hint().empty());
    return e.message();
  }
  return "no error";
}

using Messages = std::vector<std::pair<Role, std::string>>;

TEST(JsonRecord, ReadsOpenAiChat) {
  const auto record = parse(
      R"({"id": 12, "extra": [1, {"a": null}], "messages": [{"role": "developer", "content": "be kind"},
         {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {}}, "b"]},
         {"role": "assistant", "content": null, "tool_calls": []}, {"role": "tool", "content": "42"},
         {"role": "assistant", "content": "It is 42 \u00e9"}]})");
  EXPECT_EQ(record.id, "12");
  EXPECT_EQ(record.messages, (Messages{{Role::kSystem, "be kind"},
                                       {Role::kUser, "a\nb"},
                                       {Role::kAssistant, "It is 42 é"}}));
  EXPECT_EQ(record.left_out, 2);
}

TEST(JsonRecord, ReadsShareGpt) {
  const auto record = parse(
      R"({"id":"x","system":"s","conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"hello"}]})");
  EXPECT_EQ(record.messages,
            (Messages{{Role::kSystem, "s"}, {Role::kUser, "hi"}, {Role::kAssistant, "hello"}}));
}

TEST(JsonRecord, ErrorsNameLineFieldAndExpectation) {
  EXPECT_EQ(error_of(R"({"messages":[{"role":"user"}]})"),
            "f.jsonl:7: messages[0].content is missing");
  EXPECT_EQ(error_of(R"({"messages":[{"role":"boss","content":"x"}]})"),
            "f.jsonl:7: messages[0].role is \"boss\", expected user, assistant, system or tool");
  EXPECT_EQ(error_of(R"({"messages":{}})"), "f.jsonl:7: messages is an object, expected an array");
  EXPECT_EQ(error_of(R"({"messages":[3]})"),
            "f.jsonl:7: messages[0] is a number, expected an object with role and content");
  EXPECT_EQ(error_of(R"({"conversations":[{"from":"human"}]})"),
            "f.jsonl:7: conversations[0].value is missing");
  EXPECT_NE(error_of(R"({"text":"a","url":"b"})")
                .find("the record has text, url; expected {\"messages\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"conversations":[]})", JsonShape::kOpenAi).find("expected"),
            std::string::npos);
  EXPECT_NE(error_of("[1]").find("the record is an array"), std::string::npos);
}

TEST(JsonRecord, TurnsOfEitherFormatStandInEitherList) {
  const Messages expected = {{Role::kUser, "hi"}, {Role::kAssistant, "hello"}};
  for (const char* list : {"messages", "conversations", "conversation"}) {
    EXPECT_EQ(parse("{\"" + std::string(list) +
                    R"(":[{"role":"user","content":"hi"},{"from":"gpt","value":"hello"}]})")
                  .messages,
              expected);
  }
}

TEST(JsonRecord, AnExchangeStandsInFieldsOfItsOwn) {
  EXPECT_EQ(parse(R"({"instruction":"Translate.","input":"Hi","output":"Hallo"})").messages,
            (Messages{{Role::kUser, "Translate.\nHi"}, {Role::kAssistant, "Hallo"}}));
  EXPECT_EQ(parse(R"({"instruction":"Say hi.","input":"","output":"Hi","id":4})").messages,
            (Messages{{Role::kUser, "Say hi."}, {Role::kAssistant, "Hi"}}));
  EXPECT_EQ(parse(R"({"prompt":"a","completion":"b"})").messages,
            (Messages{{Role::kUser, "a"}, {Role::kAssistant, "b"}}));
  EXPECT_EQ(
      parse(R"({"instruction":"c","output":"d","system":"s","history":[["a","b"]]})").messages,
      (Messages{{Role::kSystem, "s"},
                {Role::kUser, "a"},
                {Role::kAssistant, "b"},
                {Role::kUser, "c"},
                {Role::kAssistant, "d"}}));
  EXPECT_NE(error_of(R"({"instruction":"a","output":"b","history":["x"]})").find("history[0]"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"role":"user","content":"hi"})").find("one message"), std::string::npos);
}

TEST(JsonRecord, TextThatHasNoPlaceIsNamed) {
  EXPECT_EQ(error_of(R"({"messages":[{"role":"user","content":"a"}],"reply":{"content":"b"}})"),
            "f.jsonl:7: the record has text in \"reply\" beside its messages");
  EXPECT_NE(error_of(R"({"question":"a","answer":"b","remark":"c"})").find("\"remark\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"prompt":"a","chosen":"b","rejected":"c"})").find("chosen"),
            std::string::npos);
  // Repeated words are read; a name without text says nothing; filing is no speech.
  const std::string turns = R"("messages":[{"role":"user","content":"a"}])";
  EXPECT_EQ(
      parse("{" + turns + R"(,"prompt":"a","answer":"","source":"s","created_at":"t"})").unread,
      std::vector<std::string>{});
  EXPECT_EQ(parse("{" + turns + R"(,"services":["Movies"],"n":3})").unread,
            std::vector<std::string>{"services"});
  EXPECT_EQ(
      parse("{" + turns + R"(,"reply":"b"})", JsonShape::kAny, {"messages=messages", ""}).unread,
      std::vector<std::string>{"reply"});
  EXPECT_EQ(parse(R"({"messages":[{"role":"assistant","content":"a","reasoning":"r"},)"
                  R"({"role":"assistant","content":"b","tool_calls":[{}]},)"
                  R"({"role":"user","content":[{"type":"image_url"}]}]})")
                .unread,
            (std::vector<std::string>{"messages[].reasoning", "messages[].tool_calls",
                                      "messages[].content of type image_url"}));
}

TEST(JsonRecord, WeightsSayWhatIsContext) {
  const auto learned = [](const std::string& mark) {
    return parse(R"({"messages":[{"role":"assistant","content":"a",)" + mark + "}]}").learned.at(0);
  };
  for (const char* mark :
       {R"("weight":0)", R"("weight":0.0)", R"("train":false)", R"("loss":false)"})
    EXPECT_FALSE(learned(mark)) << mark;
  for (const char* mark : {R"("weight":1)", R"("weight":null)", R"("training":true)"})
    EXPECT_TRUE(learned(mark)) << mark;
  EXPECT_EQ(error_of(R"({"messages":[{"role":"assistant","content":"a","weight":0.5}]})"),
            "f.jsonl:7: messages[0].weight is 0.5, expected 0 (context only) or 1 (learned)");
  EXPECT_EQ(error_of(R"({"messages":[{"role":"assistant","content":"a","weight":"no"}]})"),
            "f.jsonl:7: messages[0].weight is a string, expected 0 (context only) or 1 (learned)");
  EXPECT_FALSE(parse(R"({"question":"a","answer":"b","weight":0})").learned.at(1));
}

TEST(JsonRecord, SpeakersAreMapped) {
  EXPECT_EQ(parse(R"({"messages":[{"role":"Anna","content":"a"},{"role":"ben","content":"b"}]})",
                  JsonShape::kAny, {"", "user=anna,assistant=Ben"})
                .messages,
            (Messages{{Role::kUser, "a"}, {Role::kAssistant, "b"}}));
}

TEST(JsonRecord, SyntaxErrorsSayWhatIsWrong) {
  EXPECT_NE(
      error_of(R"({"messages":[{"role":"user","content":"cut o)").find("a string is not closed"),
      std::string::npos);
  EXPECT_NE(error_of(R"({"messages":[{"role":"user","content":"x"})").find("not valid JSON"),
            std::string::npos);
  EXPECT_NE(error_of("{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\"}]}")
                .find("invalid UTF-8 at byte 40"),
            std::string::npos);
  EXPECT_NE(error_of("{\"a\":\"\\ud800\"}").find("surrogate"), std::string::npos);
  EXPECT_NE(error_of(R"({"a":1,})").find("not valid JSON"), std::string::npos);
}

TEST(JsonRecord, DeepJsonIsAnErrorNotACrash) {
  const std::string deep = "{\"messages\":" + std::string(5'000'000, '[');
  EXPECT_NE(error_of(deep).find("f.jsonl:7"), std::string::npos);
  const std::string closed = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  EXPECT_NE(error_of(closed).find("deeper than 64 levels"), std::string::npos);
}

TEST(JsonRecord, AGiantRecordIsReadAndALargerOneRefused) {
  const std::string text(10'000'000, 'x');
  const auto record =
      parse(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":")" + text +
            "\"}]}");
  EXPECT_EQ(record.messages.at(1).second.size(), text.size());
  EXPECT_NE(
      error_of("{\"a\":\"" + std::string(kMaxRecordBytes, 'x') + "\"}").find("more than 16 MB"),
      std::string::npos);
}

}  // namespace json_record_test
}  // namespace parley::data
