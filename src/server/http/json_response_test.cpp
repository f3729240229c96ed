#include "server/http/json_response.hpp"

#include <gtest/gtest.h>

namespace parley::server {
namespace json_response_test {

const Headers kNoStore = {{"Cache-Control", "no-store"}};

TEST(JsonResponse, IsCompactAndNeverKept) {
  const Response response = json_response(200, {{"b", 1}, {"a", {1, 2}}});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.headers, kNoStore);
  EXPECT_EQ(response.body, R"({"b":1,"a":[1,2]})");
  EXPECT_TRUE(response.static_body.empty());
}

TEST(JsonResponse, MayBeOfAnotherType) {
  const Response response = json_response(404, Json::object(), "application/problem+json");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(response.headers, kNoStore);
}

TEST(JsonResponse, ReplacesWhatIsNoUtf8) {
  const Response response = json_response(200, {{"text", "caf\xc3\xa9 \xff \xe2\x82"}});
  EXPECT_EQ(response.body, "{\"text\":\"caf\xc3\xa9 \xef\xbf\xbd \xef\xbf\xbd\"}");
  EXPECT_EQ(parse_json(response.body, "body")["text"], "café \uFFFD \uFFFD");
}

}  // namespace json_response_test
}  // namespace parley::server
