#include "data/sources/json_record.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace parley::data {
namespace json_record_test {

struct Parsed {
  std::string id;
  std::vector<std::pair<Role, std::string>> messages;
  int left_out = 0;
};

Parsed parse(std::string json, JsonShape shape = JsonShape::kAny) {
  JsonRecordParser parser;
  RawRecord record;
  const std::size_t size = json.size();
  json.append(kJsonPadding, '}');
  parser.parse(std::string_view(json).substr(0, size), shape, {"f.jsonl", 7}, record);
  Parsed parsed{std::string(record.id), {}, record.left_out};
  for (const auto& m : record.messages)
    parsed.messages.emplace_back(m.role, std::string(m.content));
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
            "f.jsonl:7: messages[0].role is \"boss\", expected system, developer, user, assistant, "
            "tool or function");
  EXPECT_EQ(error_of(R"({"messages":{}})"), "f.jsonl:7: messages is an object, expected an array");
  EXPECT_EQ(error_of(R"({"messages":[3]})"),
            "f.jsonl:7: messages[0] is a number, expected an object with role and content");
  EXPECT_EQ(error_of(R"({"conversations":[{"from":"human"}]})"),
            "f.jsonl:7: conversations[0].value is missing or not a string");
  EXPECT_NE(error_of(R"({"prompt":"a","completion":"b"})")
                .find("the record has prompt, completion; expected {\"messages\""),
            std::string::npos);
  EXPECT_NE(error_of(R"({"conversations":[]})", JsonShape::kOpenAi).find("expected"),
            std::string::npos);
  EXPECT_NE(error_of("[1]").find("the record is an array"), std::string::npos);
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
