#include "server/http/router.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"

namespace parley::server {
namespace router_test {

using Values = Router::Values;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    const auto add = [&](const char* method, const char* pattern, Surface surface) {
      router_.add({method, pattern, surface, {}});
    };
    add("GET", "/", Surface::kPage);
    add("GET", "/assets/app.js", Surface::kPage);
    add("GET", "/healthz", Surface::kProbe);
    add("GET", "/api/threads", Surface::kPageApi);
    add("POST", "/api/threads", Surface::kPageApi);
    add("GET", "/api/threads/{id}", Surface::kPageApi);
    add("GET", "/api/threads/newest", Surface::kPageApi);
    add("DELETE", "/api/threads/{id}", Surface::kPageApi);
    add("PUT", "/api/threads/{id}/messages/{message}", Surface::kPageApi);
    add("POST", "/v1/chat/completions", Surface::kOpenAi);
    add("GET", "/v1/models/{id}", Surface::kOpenAi);
    add("POST", "/tokenize", Surface::kOpenAi);
  }
  Values values(std::string_view path) {
    const auto match = router_.match("GET", path);
    return match.route ? match.values : Values{"none"};
  }
  Router router_;
};

TEST_F(RouterTest, FindsTheHandlerByMethodAndPath) {
  const auto match = router_.match("POST", "/api/threads");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->method, "POST");
  EXPECT_EQ(match.label, "/api/threads");
  EXPECT_EQ(router_.match("PUT", "/api/threads/a/messages/b").values, (Values{"a", "b"}));
  EXPECT_EQ(router_.match("GET", "/").route->pattern, "/");
  for (const char* path : {"", "nothing", "*", "//", "/api/threads/", "/api/threads/a/b", "/api",
                           "//healthz", "/v1/models/", "/API/threads", "/healthz/", "/v1"}) {
    EXPECT_FALSE(router_.match("GET", path).route) << path;
    EXPECT_EQ(router_.match("GET", path).allow, "") << path;
  }
}

TEST_F(RouterTest, SegmentsAreDecodedAfterThePathIsCut) {
  EXPECT_EQ(values("/v1/models/org%2Fname"), Values{"org/name"});
  EXPECT_EQ(values("/v1/models/%2e%2E%2fmodels"), Values{"../models"});
  EXPECT_EQ(values("/v1/models/a+b%20c"), Values{"a+b c"});
  EXPECT_EQ(values("/v1/models/100%"), Values{"100%"});
  EXPECT_EQ(values("/v1/%6dodels/x"), Values{"x"});
  EXPECT_EQ(values("/assets%2Fapp.js"), Values{"none"});
  EXPECT_EQ(values("/v1%2Fmodels/x"), Values{"none"});
}

TEST_F(RouterTest, LiteralsWin) {
  EXPECT_EQ(router_.match("GET", "/api/threads/newest").label, "/api/threads/newest");
  EXPECT_EQ(router_.match("GET", "/api/threads/other").label, "/api/threads/{id}");
}

TEST_F(RouterTest, TellsAllMethodsOfAPath) {
  const auto match = router_.match("PATCH", "/api/threads/x");
  EXPECT_FALSE(match.route);
  EXPECT_EQ(match.label, "/api/threads/{id}");
  EXPECT_EQ(match.allow, "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(router_.match("GET", "/v1/chat/completions").allow, "POST, OPTIONS");
  EXPECT_EQ(router_.match("get", "/healthz").route, nullptr);  // methods have their case
  EXPECT_EQ(router_.match("HEAD", "/healthz").route->method, "GET");
  EXPECT_FALSE(router_.match("HEAD", "/tokenize").route);
}

TEST_F(RouterTest, WhatIsNotThereLiesOnASurfaceAllTheSame) {
  const auto surface = [&](std::string_view path) { return router_.match("GET", path).surface; };
  EXPECT_EQ(surface("/v1/nothing"), Surface::kOpenAi);
  EXPECT_EQ(surface("/v1"), Surface::kOpenAi);
  EXPECT_EQ(surface("/v1/chat/completions/x"), Surface::kOpenAi);
  EXPECT_EQ(surface("/tokenize/x"), Surface::kOpenAi);
  EXPECT_EQ(surface("/api/threads/x/y/z"), Surface::kPageApi);
  EXPECT_EQ(surface("/nothing"), Surface::kPage);
  EXPECT_EQ(surface("/v12/models"), Surface::kPage);
  EXPECT_EQ(surface("/apis"), Surface::kPage);
  EXPECT_EQ(surface("*"), Surface::kPage);
}

TEST_F(RouterTest, ARouteIsAddedOnce) {
  EXPECT_THROW(router_.add({"GET", "/healthz", Surface::kProbe, {}}), Error);
  EXPECT_THROW(router_.add({"POST", "/healthz", Surface::kPage, {}}), Error);
}

std::string encoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789aBcDeF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

// Whatever a name has in it, it comes back whole; and nothing that is sent breaks the router.
TEST_F(RouterTest, AnyNameSurvivesAndAnyPathIsAnswered) {
  EXPECT_TRUE(rc::check([&](const std::string& name, const std::string& junk) {
    const auto match = router_.match("GET", "/v1/models/" + encoded(name));
    RC_ASSERT((match.route != nullptr) == !name.empty());
    if (match.route) RC_ASSERT(match.values == Values{name});
    const auto other = router_.match("GET", "/" + junk);
    RC_ASSERT(other.allow.empty() == other.label.empty());
  }));
}

}  // namespace router_test
}  // namespace parley::server
