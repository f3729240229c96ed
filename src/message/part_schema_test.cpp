#include "message/part_schema.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/file.hpp"
#include "message/part_json.hpp"

namespace parley::message {
namespace part_schema_test {

// The checked-in file says what the code says; PARLEY_WRITE=1 makes it say so.
void expect_file(const char* path, const std::string& content) {
  const std::filesystem::path file = std::filesystem::path(PARLEY_SOURCE_DIR) / path;
  if (std::getenv("PARLEY_WRITE")) write_file_atomically(file, content);
  EXPECT_EQ(read_file(file), content)
      << path << " is out of date: PARLEY_WRITE=1 build/release/bin/message_tests";
}

TEST(PartSchema, IsPublished) {
  expect_file("docs/parts.schema.json", to_text(parts_schema(), 2) + "\n");
}

TEST(PartSchema, TheWebPagesHaveItsTypes) {
  expect_file("web/shared/src/parts.ts", parts_typescript());
}

TEST(PartSchema, AsksForEveryFieldThatReadingAsksFor) {
  const Json schema = parts_schema();
  for (const Json& kind : schema["items"]["oneOf"]) {
    Json part = {{"type", kind["properties"]["type"]["const"]}};
    for (const Json& name : kind["required"]) {
      if (name == "type") continue;
      EXPECT_ANY_THROW(parts_from_json(Json::array({part}), "parts")) << to_text(part);
      part[name.get<std::string>()] =
          kind["properties"][name.get<std::string>()]["type"] == "boolean" ? Json(true) : Json("x");
    }
    EXPECT_EQ(to_json(parts_from_json(Json::array({part}), "parts")), Json::array({part}));
  }
}

}  // namespace part_schema_test
}  // namespace parley::message
