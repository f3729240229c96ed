// Who is answered, on every surface, over real sockets.
#include "server/http/guard.hpp"

#include "base/error.hpp"
#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace guard_test {

using Sent = std::vector<std::pair<std::string, std::string>>;

class GuardTest : public ServerTest {
 protected:
  Reply ask(const std::string& method, const std::string& path, const Sent& headers) {
    return TestClient(port()).request(method, path, method == "POST" ? says("x").dump() : "",
                                      headers);
  }
  int with_host(const std::string& path, const std::string& host) {
    return ask("GET", path, {{"Host", host}}).status;
  }
};

// A request for each surface that is answered with 200 or refused as what it is.
const std::vector<std::pair<std::string, std::string>> kGuarded = {{"GET", "/"},
                                                                   {"GET", "/api/config"},
                                                                   {"GET", "/metrics"},
                                                                   {"GET", "/v1/models"},
                                                                   {"POST", "/v1/chat/completions"},
                                                                   {"POST", "/tokenize"},
                                                                   {"POST", "/detokenize"},
                                                                   {"GET", "/nothing"},
                                                                   {"OPTIONS", "/tokenize"}};

TEST_F(GuardTest, AForeignNameIsRefusedEverywhere) {
  for (const auto& [method, path] : kGuarded) {
    for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                             "2130706433", "127.1", "0x7f.0.0.1", "evil.example:80", "a b", ""}) {
      EXPECT_EQ(ask(method, path, {{"Host", host}}).status, 421) << method << path << " " << host;
    }
    EXPECT_EQ(ask(method, path, {{"Host", "localhost"}, {"Host", "evil.example"}}).status, 400);
  }
  const Reply refused = ask("POST", "/tokenize", {{"Host", "chat.example.org:8080"}});
  EXPECT_EQ(refused.json()["error"]["message"],
            "this server does not answer to the name 'chat.example.org' (if it shall, start it "
            "with --allow-host chat.example.org)");
  EXPECT_EQ(ask("GET", "/metrics", {{"Host", "parley"}}).json()["hint"],
            "if it shall, start it with --allow-host parley");
}

TEST_F(GuardTest, ProbesAreAnsweredWhateverTheyAsk) {
  for (const char* path : {"/healthz", "/readyz"}) {
    for (const char* host : {"evil.example", "10.1.2.3:8080", ""}) {
      EXPECT_EQ(with_host(path, host), 200) << path << host;
    }
    EXPECT_EQ(ask("GET", path, {{"Sec-Fetch-Site", "cross-site"}}).status, 200);
  }
  TestClient old(port());
  old.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_reply().status, 200);
}

TEST_F(GuardTest, AddressesAndNamesOfThisMachineAreAnswered) {
  for (const char* host :
       {"localhost", "LocalHost:8080", "localhost.", "app.localhost:1", "127.0.0.1",
        "192.168.1.5:8080", "10.0.0.1", "[::1]:8080", "[::1]", "[2001:db8::7]:9090"}) {
    for (const char* path : {"/", "/metrics", "/v1/models", "/api/config"})
      EXPECT_EQ(with_host(path, host), 200) << host << path;
  }
}

TEST_F(GuardTest, ListeningEverywhereIsNoReasonToAnswerToAnyName) {
  options_.http.host = "0.0.0.0";
  options_.allowed_hosts = {"Chat.Example.org", "parley"};
  start();
  EXPECT_EQ(with_host("/v1/models", "evil.example"), 421);
  EXPECT_EQ(with_host("/v1/models", "sub.chat.example.org"), 421);
  EXPECT_EQ(with_host("/v1/models", "chat.example.org:443"), 200);
  EXPECT_EQ(with_host("/v1/models", "CHAT.example.org."), 200);
  EXPECT_EQ(with_host("/metrics", "parley:8080"), 200);
  EXPECT_EQ(with_host("/metrics", "10.0.0.7:8080"), 200);
}

TEST_F(GuardTest, NamesAndOriginsThatAreNoneAreRefusedAtTheStart) {
  for (const char* name : {"https://chat.example.org", "chat.example.org:8080", "a/b", "", "*",
                           "m\xC3\xBCnchen.example"}) {
    EXPECT_THROW(Guard({"127.0.0.1", {name}, {}}), Error) << name;
  }
  for (const char* origin : {"app.example", "https://", "https://app.example/", "://x", "**"}) {
    EXPECT_THROW(Guard({"127.0.0.1", {}, {origin}}), Error) << origin;
  }
}

TEST_F(GuardTest, OtherSitesNeedPermission) {
  const std::pair<std::string, std::string> app = {"Origin", "https://app.example"};
  const Sent preflight = {app,
                          {"Access-Control-Request-Method", "POST"},
                          {"Access-Control-Request-Headers", "content-type"}};
  const std::vector<std::string> programs = {"/v1/chat/completions", "/tokenize", "/detokenize",
                                             "/v1/completions", "/v1/embeddings"};
  EXPECT_EQ(ask("POST", "/v1/chat/completions", {}).status, 200);
  for (const std::string& path : programs) {
    EXPECT_EQ(ask("POST", path, {app}).status, 403) << path;
    EXPECT_EQ(ask("OPTIONS", path, preflight).status, 403) << path;
    EXPECT_EQ(ask("POST", path, {{"Sec-Fetch-Site", "cross-site"}}).status, 403) << path;
    EXPECT_EQ(ask("POST", path, {{"Origin", "null"}}).status, 403) << path;
  }
  options_.cors_origins = {"https://App.example"};
  start();
  for (const std::string& path : programs) {
    const Reply asked = ask("OPTIONS", path, preflight);
    EXPECT_EQ(asked.status, 204) << path;
    EXPECT_EQ(asked.headers.at("access-control-allow-origin"), "https://app.example");
    EXPECT_EQ(asked.headers.at("access-control-allow-headers"), "content-type");
    EXPECT_EQ(asked.headers.at("access-control-allow-methods"), "POST, OPTIONS");
    const Reply posted = ask("POST", path, {app});
    EXPECT_NE(posted.status, 403) << path;
    EXPECT_EQ(posted.headers.at("access-control-allow-origin"), "https://app.example") << path;
    EXPECT_EQ(ask("POST", path, {{"Origin", "https://other.example"}}).status, 403) << path;
  }
  // What is not for other sites stays so, whatever origins were allowed.
  for (const char* path : {"/api/config", "/metrics"}) {
    EXPECT_EQ(ask("GET", path, {app}).status, 403) << path;
    EXPECT_EQ(ask("GET", path, {{"Sec-Fetch-Site", "cross-site"}}).status, 403) << path;
    EXPECT_EQ(ask("GET", path, {{"Sec-Fetch-Site", "same-site"}}).status, 403) << path;
    EXPECT_EQ(ask("GET", path, {{"Sec-Fetch-Site", "none"}}).status, 200) << path;
    EXPECT_EQ(ask("GET", path, {}).status, 200) << path;
  }
  EXPECT_EQ(ask("GET", "/", {{"Sec-Fetch-Site", "cross-site"}}).status, 200);  // a link
  // What was refused before it was read is readable for the allowed site, too.
  TestClient large(port());
  large.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: "
      "https://app.example\r\nContent-Length: 52428800\r\n\r\n{");
  const Reply refused = large.read_reply();
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.headers.at("access-control-allow-origin"), "https://app.example");
}

TEST(Guard, KnowsLoopbackNames) {
  for (const char* name : {"localhost", "127.0.0.1", "127.9.8.7", "::1", "app.localhost"}) {
    EXPECT_TRUE(is_loopback_name(name)) << name;
  }
  for (const char* name :
       {"0.0.0.0", "127.evil.example", "localhost.evil.example", "10.0.0.1", "127.1", ""}) {
    EXPECT_FALSE(is_loopback_name(name)) << name;
  }
  EXPECT_EQ(host_name("Example.org:8080"), "example.org");
  EXPECT_EQ(host_name("example.org."), "example.org");
  EXPECT_EQ(host_name("[::1]:8080"), "::1");
  EXPECT_EQ(host_name("[::1"), "::1");
}

}  // namespace guard_test
}  // namespace parley::server
