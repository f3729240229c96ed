// The server's manners towards well and badly behaved clients, over real sockets.
#include "base/error.hpp"
#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace http_server_test {

class HttpServerTest : public ServerTest {};

TEST_F(HttpServerTest, KeepsConnectionsAndPipelines) {
  TestClient client(port());
  EXPECT_EQ(client.request("GET", "/healthz").status, 200);
  EXPECT_EQ(client.request("GET", "/readyz").body, "ok\n");
  client.send(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/models HTTP/1.1\r\nHost: "
      "localhost\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "ok\n");
  EXPECT_EQ(client.read_reply().json()["object"], "list");
  const Reply head = client.request("HEAD", "/healthz");
  EXPECT_EQ(head.headers.at("content-length"), "3");
  EXPECT_EQ(head.headers.at("x-content-type-options"), "nosniff");
  EXPECT_EQ(client.request("GET", "/nothing/here").status, 404);
  EXPECT_EQ(client.request("POST", "/healthz").status, 405);
}

TEST_F(HttpServerTest, SpeaksHttp10) {
  TestClient client(port());
  Json request = says("count 3");
  request["stream"] = true;
  const std::string body = request.dump();
  client.send("POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.headers.at("connection"), "close");
  EXPECT_FALSE(reply.headers.count("transfer-encoding"));
  EXPECT_TRUE(reply.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(HttpServerTest, RefusesALargeBodyUnread) {
  TestClient client(port());
  client.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 52428800\r\n\r\n{");
  const Reply announced = client.read_reply();
  EXPECT_EQ(announced.status, 413);
  EXPECT_TRUE(announced.json().contains("error"));
  EXPECT_EQ(announced.headers.at("connection"), "close");

  TestClient chunked(port());  // the size is not announced: cut when it passes the limit
  chunked.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n");
  const std::string megabyte(1 << 20, ' ');
  for (int i = 0; i < 50; ++i) {
    if (!chunked.send("100000\r\n" + megabyte + "\r\n")) break;
  }
  EXPECT_EQ(chunked.read_reply().status, 413);

  TestClient polite(port());
  polite.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nExpect: "
      "100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(polite.read_head().status, 100);
  polite.send("{}");
  EXPECT_EQ(polite.read_reply().status, 400);
}

TEST_F(HttpServerTest, RefusesWhatIsNoHttp) {
  TestClient header(port());
  header.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(20'000, 'x') +
              "\r\n\r\n");
  EXPECT_EQ(header.read_reply().status, 431);
  for (const std::string& text :
       {std::string("hello\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)}) {
    TestClient client(port());
    client.send(text);
    EXPECT_EQ(client.read_reply().status, 400) << text;
  }
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(HttpServerTest, DropsSlowSenders) {
  options_.http.header_seconds = 0.1;
  options_.http.body_seconds = 0.1;
  start();
  TestClient idle(port()), header(port()), body(port());
  header.send("GET /healthz HT");
  body.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_EQ(idle.read_reply().status, 0);
  EXPECT_EQ(header.read_reply().status, 0);
  EXPECT_EQ(body.read_reply().status, 0);
}

TEST_F(HttpServerTest, SilentStreamsAreKeptAlive) {
  options_.http.keep_alive_seconds = 0.02;
  start();
  model_->hold(true);
  TestClient client(port());
  Json request = says("count 2");
  request["stream"] = true;
  client.send_request("POST", "/v1/chat/completions", request.dump());
  client.read_head();
  std::string chunk;
  do {
    ASSERT_TRUE(client.read_chunk(chunk));
  } while (!chunk.starts_with(": "));
  model_->hold(false);
  do {
    ASSERT_TRUE(client.read_chunk(chunk));
  } while (chunk.find("[DONE]") == std::string::npos);
}

TEST_F(HttpServerTest, LimitsConnections) {
  options_.http.max_connections = 2;
  start();
  TestClient a(port()), b(port());
  EXPECT_EQ(a.request("GET", "/healthz").status, 200);
  EXPECT_EQ(b.request("GET", "/healthz").status, 200);
  TestClient c(port());
  EXPECT_EQ(c.request("GET", "/healthz").status, 0);
  a.close();
  wait_until([&] {
    TestClient d(port());
    return d.request("GET", "/healthz").status == 200;
  });
}

TEST_F(HttpServerTest, ShutsDownGracefully) {
  model_->hold(true);
  TestClient streaming(port()), idle(port());
  EXPECT_EQ(idle.request("GET", "/readyz").status, 200);
  Json request = says("count 3");
  request["stream"] = true;
  streaming.send_request("POST", "/v1/chat/completions", request.dump());
  wait_until([&] { return model_->stats().running == 1; });
  app_->begin_shutdown();
  EXPECT_FALSE(app_->drained());
  const Reply ready = idle.request("GET", "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.headers.at("connection"), "close");
  wait_until([&] {
    try {
      TestClient late(port());
      return false;
    } catch (const std::exception&) {
      return true;
    }
  });
  model_->hold(false);
  const Reply reply = streaming.read_reply();
  EXPECT_TRUE(reply.complete);
  EXPECT_NE(reply.body.find("[DONE]"), std::string::npos);
  wait_until([&] { return app_->drained(); });
}

TEST_F(HttpServerTest, ASecondSignalCutsAndTells) {
  model_->hold(true);
  TestClient streaming(port());
  Json request = says("count 3");
  request["stream"] = true;
  streaming.send_request("POST", "/v1/chat/completions", request.dump());
  wait_until([&] { return model_->stats().running == 1; });
  app_->begin_shutdown();
  app_->stop_replies();
  const auto events = events_of(streaming.read_reply().body);
  EXPECT_EQ(events.back().data["error"]["type"], "server_error");
  wait_until([&] { return app_->drained(); });
}

TEST_F(HttpServerTest, EndsWithRepliesUnderWay) {
  model_->hold(true);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<TestClient>(port()));
    clients.back()->send_request("POST", "/v1/chat/completions", says("count 3").dump());
  }
  wait_until([&] { return model_->stats().requests == 10; });
  stop();  // must neither hang nor crash
}

TEST_F(HttpServerTest, NamesAPortInUse) {
  AppOptions options = options_;
  options.http.port = port();
  try {
    const App second(*assistant_, bundles_, options);
    FAIL() << "bound twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConflict);
    EXPECT_EQ(error.message(), "port " + std::to_string(port()) + " on 127.0.0.1 is in use");
    EXPECT_NE(error.hint().find("--port"), std::string::npos);
  }
  options.http.host = "no.such.host.invalid";
  EXPECT_THROW(App(*assistant_, bundles_, options), Error);
}

TEST_F(HttpServerTest, EverySurfaceHasItsShapeOfErrors) {
  const auto type = [](const Reply& reply) { return reply.headers.at("content-type"); };
  TestClient client(port());
  for (const char* path : {"/v1/nothing", "/v1", "/tokenize/x"}) {
    const Reply nothing = client.request("GET", path);
    EXPECT_EQ(nothing.status, 404) << path;
    EXPECT_EQ(nothing.json()["error"]["type"], "not_found_error") << path;
  }
  for (const char* path : {"/api/nothing", "/nothing", "/healthz/x"}) {
    const Reply nothing = client.request("GET", path);
    EXPECT_EQ(nothing.status, 404) << path;
    EXPECT_EQ(type(nothing), "application/problem+json") << path;
  }
  for (const char* path : {"/tokenize", "/detokenize", "/v1/embeddings"}) {
    const Reply method = client.request("GET", path);
    EXPECT_EQ(method.status, 405) << path;
    EXPECT_EQ(method.headers.at("allow"), "POST, OPTIONS") << path;
    EXPECT_EQ(method.json()["error"]["code"], "method_not_allowed") << path;
  }
  const Reply thread = client.request("POST", "/api/threads/thr_1");
  EXPECT_EQ(thread.status, 405);
  EXPECT_EQ(thread.headers.at("allow"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(type(thread), "application/problem+json");
  const Reply options = client.request("OPTIONS", "/v1/models");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(client.request("GET", "/v1/models/org%2Fname").json()["error"]["message"],
            "model: 'org/name' does not exist here; this server has 'scripted'");
  EXPECT_EQ(client.request("GET", "/v1%2Fmodels").status, 404);
}

TEST_F(HttpServerTest, EverySurfaceHasItsSizeOfBody) {
  const std::string large(300'000, ' ');
  EXPECT_EQ(TestClient(port()).request("POST", "/v1/chat/completions", large + "{}").status, 400);
  const Reply refused = TestClient(port()).request("POST", "/api/threads", large);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.headers.at("content-type"), "application/problem+json");
  EXPECT_EQ(refused.json()["detail"], "the body is larger than 262144 bytes");
  EXPECT_EQ(TestClient(port()).request("POST", "/healthz", large).status, 413);
  EXPECT_EQ(TestClient(port()).request("POST", "/tokenize/x", large).status, 404);
  TestClient chunked(port());
  chunked.send(
      "POST /api/threads HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
      "\r\n493E0\r\n" +
      large);
  EXPECT_EQ(chunked.read_reply().status, 413);
}

TEST_F(HttpServerTest, CountsWhatItDoes) {
  start({.max_concurrent = 4, .max_queue = 8, .step = std::chrono::milliseconds(2)});
  complete(says("count 5"));
  get("/nowhere");
  TestClient(port()).request("BREW", "/coffee");
  // Counted when the last byte is out: just after the client has it.
  wait_until([&] {
    return metric(R"(parley_http_requests_total{method="other",route="unknown",status="404"})") ==
           1;
  });
  EXPECT_EQ(
      metric(
          R"(parley_http_requests_total{method="POST",route="/v1/chat/completions",status="200"})"),
      1);
  EXPECT_EQ(metric(R"(parley_http_requests_total{method="GET",route="unknown",status="404"})"), 1);
  EXPECT_EQ(metric("parley_reply_tokens_total"), 5);
  EXPECT_EQ(metric("parley_prompt_tokens_total"), 7);
  EXPECT_EQ(metric("parley_time_to_first_token_seconds_count"), 1);
  EXPECT_EQ(metric("parley_reply_tokens_per_second_count"), 1);
  EXPECT_EQ(metric(R"(parley_turns_total{ended="complete"})"), 1);
  EXPECT_EQ(metric("parley_engine_requests_total"), 1);
  EXPECT_GE(metric("parley_engine_batch_rows"), 1);
}

TEST(Http, ParsesQueriesAndCookies) {
  Request request;
  request.query = "q=a%20b%2Bc+d&limit=5&empty&bad=%zz";
  EXPECT_EQ(request.query_value("q"), "a b+c d");
  EXPECT_EQ(request.query_value("limit"), "5");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("bad"), "%zz");
  EXPECT_EQ(request.query_value("none"), "");
  request.headers = {{"cookie", "a=1; b=2"}, {"cookie", "c=3;d"}};
  EXPECT_EQ(request.cookie("b"), "2");
  EXPECT_EQ(request.cookie("c"), "3");
  EXPECT_EQ(request.cookie("d"), "");
}

}  // namespace http_server_test
}  // namespace parley::server
