#include "message/part_event.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "message/part_json.hpp"
#include "message/plain_text.hpp"

namespace parley::message {
namespace part_event_test {

TEST(PlainText, IsWhatSpeaksWithAGapBetween) {
  EXPECT_EQ(plain_text({}), "");
  EXPECT_EQ(plain_text(text_parts("Hi")), "Hi");
  EXPECT_EQ(plain_text({ReasoningPart{"hm"}, TextPart{"a"}, ToolCallPart{"c", "f", "{}"},
                        ToolResultPart{"c", "r", false}, TextPart{""}, NoticePart{"n", "note"},
                        TextPart{"b\n"}}),
            "a\n\nb\n");
}

TEST(PartEvents, BuildTheMessage) {
  Parts parts;
  for (const PartEvent& event : PartEvents{
           PartBegins{0, ReasoningPart{"h"}}, PartGrows{0, "m"}, PartBegins{1, TextPart{}},
           PartGrows{1, "Hel"}, PartGrows{1, "lo"}, PartBegins{2, ToolCallPart{"c", "f", ""}},
           PartGrows{2, "{}"}, PartBegins{3, ToolCallPart{"d", "g", "{"}}, PartWithdrawn{3},
           PartBegins{3, NoticePart{"n", "note"}}})
    apply_event(event, parts);
  EXPECT_EQ(parts, (Parts{ReasoningPart{"hm"}, TextPart{"Hello"}, ToolCallPart{"c", "f", "{}"},
                          NoticePart{"n", "note"}}));
}

// The pages' tests read the same cases.
TEST(PartEvents, AreThoseOfTheFixture) {
  const auto file = std::filesystem::path(PARLEY_SOURCE_DIR) / "tests/fixtures/part_events.json";
  for (const Json& known : read_json_file(file)) {
    Parts parts;
    for (const Json& event : known["events"]) {
      const Json& data = event["data"];
      const auto index = data["index"].get<std::size_t>();
      PartEvent read = PartWithdrawn{index};
      if (data.contains("part")) {
        read = PartBegins{index, parts_from_json(Json::array({data["part"]}), "part").at(0)};
      } else if (data.contains("text")) {
        read = PartGrows{index, data["text"]};
      }
      EXPECT_EQ(event_name(read), event["event"].get<std::string>());
      EXPECT_EQ(event_json(read), data);
      apply_event(read, parts);
    }
    EXPECT_EQ(to_json(parts), known["parts"]) << known["name"];
    EXPECT_EQ(plain_text(parts), known["plain_text"].get<std::string>()) << known["name"];
  }
}

TEST(PartEvents, OutOfOrderAreAnError) {
  const Parts before = {NoticePart{"n", "note"}};
  for (const PartEvent& event :
       PartEvents{PartBegins{0, TextPart{}}, PartBegins{2, TextPart{}}, PartGrows{0, "x"},
                  PartGrows{1, "x"}, PartWithdrawn{1}}) {
    Parts parts = before;
    EXPECT_THROW(apply_event(event, parts), Error);
  }
}

TEST(PartEvents, AsJson) {
  const PartEvent begins = PartBegins{0, TextPart{"a"}}, more = PartGrows{0, "b"},
                  gone = PartWithdrawn{3};
  EXPECT_EQ(event_name(begins), "part_begin");
  EXPECT_EQ(to_text(event_json(begins)), R"({"index":0,"part":{"type":"text","text":"a"}})");
  EXPECT_EQ(event_name(more), "part_delta");
  EXPECT_EQ(to_text(event_json(more)), R"({"index":0,"text":"b"})");
  EXPECT_EQ(event_name(gone), "part_withdrawn");
  EXPECT_EQ(to_text(event_json(gone)), R"({"index":3})");
}

// Whoever passes words on as they come says what plain_text() says of the whole.
TEST(PartEvents, TheWordsTheyAddAreThePlainText) {
  rc::check([] {
    Parts parts;
    std::string said;
    const auto take = [&](const PartEvent& event) {
      said += added_plain_text(event, parts);
      apply_event(event, parts);
    };
    for (int steps = *rc::gen::inRange(0, 20); steps > 0; --steps) {
      const auto word = *rc::gen::element<std::string>("", "a", "b c", "\n");
      const std::size_t next = parts.size();
      switch (*rc::gen::inRange(0, 5)) {
        case 0:
          take(PartBegins{next, TextPart{word}});
          break;
        case 1:
          take(PartBegins{next, ReasoningPart{word}});
          break;
        case 2:
          take(PartBegins{next, ToolCallPart{"c", "f", word}});
          if (*rc::gen::arbitrary<bool>()) take(PartWithdrawn{next});
          break;
        case 3:
          take(PartBegins{next, NoticePart{"n", word}});
          break;
        default:
          if (next > 0 && !std::holds_alternative<NoticePart>(parts.back()))
            take(PartGrows{next - 1, word});
      }
    }
    RC_ASSERT(said == plain_text(parts));
  });
}

}  // namespace part_event_test
}  // namespace parley::message
