#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace page_api_test {

class PageApiTest : public ServerTest {
 protected:
  void SetUp() override {
    persona_.name = "Mira";
    persona_.tagline = "Films and series";
    persona_.suggestions = {"What is new?"};
    start();
    open();
  }
  void open() {
    client_ = std::make_unique<TestClient>(port());
    if (!cookie_.empty()) client_->cookie = cookie_;
    thread_ = client_->request("POST", "/api/threads", "{}").json()["id"];
    cookie_ = client_->cookie;
  }
  Reply turn(const Json& body) {
    return client_->request("POST", "/api/threads/" + thread_ + "/turns", body.dump());
  }
  static std::string text_of(const std::vector<Event>& events) {
    std::string text;
    for (const Event& event : events) {
      if (event.name == "part_begin") text += event.data["part"].value("text", "");
      if (event.name == "part_delta") text += event.data["text"];
    }
    return text;
  }

  std::unique_ptr<TestClient> client_;
  std::string cookie_, thread_;
};

TEST_F(PageApiTest, TellsWhoItIs) {
  const Json config = client_->request("GET", "/api/config").json();
  EXPECT_EQ(config["assistant"]["name"], "Mira");
  EXPECT_EQ(config["assistant"]["suggestions"], Json({"What is new?"}));
  EXPECT_EQ(config["model"], (Json{{"name", "scripted"}, {"parameters", 42}, {"context", 1024}}));
  EXPECT_EQ(config["version"], "1.2.3");
}

TEST_F(PageApiTest, ATurnIsAStreamOfEvents) {
  const Reply reply = turn({{"text", "count 3"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.headers.at("content-type"), "text/event-stream");
  EXPECT_TRUE(reply.complete);
  const auto events = events_of(reply.body);
  ASSERT_EQ(events.front().name, "turn");
  const Json& opened = events.front().data;
  EXPECT_EQ(opened["thread"]["title"], "count 3");
  EXPECT_EQ(opened["user_message"]["parts"],
            Json::array({{{"type", "text"}, {"text", "count 3"}}}));
  EXPECT_EQ(opened["assistant_message"]["status"], "streaming");
  EXPECT_EQ(opened["assistant_message"]["parent_id"], opened["user_message"]["id"]);
  EXPECT_EQ(text_of(events), "1 2 3");
  ASSERT_EQ(events.back().name, "done");
  const Json& done = events.back().data;
  EXPECT_EQ(done["message"]["status"], "complete");
  EXPECT_EQ(done["message"]["parts"][0]["text"], "1 2 3");
  EXPECT_EQ(done["thread"]["preview"], "1 2 3");
  EXPECT_EQ(done["thread"]["head_id"], done["message"]["id"]);
  EXPECT_EQ(done["usage"], (Json{{"prompt_tokens", 7}, {"completion_tokens", 3}}));

  const Json thread = client_->request("GET", "/api/threads/" + thread_).json();
  ASSERT_EQ(thread["messages"].size(), 2u);
  EXPECT_EQ(thread["messages"][1], done["message"]);
  EXPECT_TRUE(thread["messages"][1]["feedback"].is_null());
}

TEST_F(PageApiTest, BranchesByEditingAndRegenerating) {
  const Json first = events_of(turn({{"text", "one"}}).body).back().data["message"];
  const Json second = events_of(turn({{"text", "two"}}).body).back().data["message"];
  const Json edited =
      events_of(turn({{"text", "two!"}, {"parent_id", first["id"]}}).body).front().data;
  EXPECT_EQ(edited["user_message"]["parent_id"], first["id"]);
  const Json again = events_of(turn({{"regenerate", second["id"]}}).body).front().data;
  EXPECT_EQ(again["user_message"]["id"], second["parent_id"]);
  EXPECT_NE(again["assistant_message"]["id"], second["id"]);
  const Json lost = events_of(turn({{"reply_to", second["parent_id"]}}).body).front().data;
  EXPECT_EQ(lost["assistant_message"]["parent_id"], second["parent_id"]);
  const Json root = events_of(turn({{"text", "afresh"}, {"parent_id", nullptr}}).body).front().data;
  EXPECT_TRUE(root["user_message"]["parent_id"].is_null());
  EXPECT_EQ(model_->seen().back().messages.size(), 1u);

  const Reply head =
      client_->request("PATCH", "/api/threads/" + thread_, Json{{"head_id", second["id"]}}.dump());
  EXPECT_EQ(head.json()["head_id"], second["id"]);
  turn({{"text", "three"}});
  EXPECT_EQ(model_->seen().back().messages.size(), 5u);
}

TEST_F(PageApiTest, StopsAndKeepsTheText) {
  start({.max_concurrent = 4, .max_queue = 8, .step = std::chrono::milliseconds(1)});
  open();
  client_->send_request("POST", "/api/threads/" + thread_ + "/turns",
                        Json{{"text", "count 100000"}}.dump());
  wait_until([&] { return model_->stats().reply_tokens > 3; });
  TestClient other(port());
  other.cookie = cookie_;
  EXPECT_EQ(other.request("POST", "/api/threads/" + thread_ + "/stop", "{}").status, 204);
  const auto events = events_of(client_->read_reply().body);
  EXPECT_EQ(events.back().name, "done");
  EXPECT_EQ(events.back().data["message"]["status"], "stopped");
  EXPECT_EQ(events.back().data["message"]["parts"][0]["text"], text_of(events));
}

TEST_F(PageApiTest, ADisconnectStopsLikeStop) {
  start({.max_concurrent = 4, .max_queue = 8, .step = std::chrono::milliseconds(1)});
  open();
  client_->send_request("POST", "/api/threads/" + thread_ + "/turns",
                        Json{{"text", "count 100000"}}.dump());
  wait_until([&] { return model_->stats().reply_tokens > 3; });
  client_->close();
  wait_until([&] { return metric("parley_turns_active") == 0; });
  client_ = std::make_unique<TestClient>(port());
  client_->cookie = cookie_;
  const Json message = client_->request("GET", "/api/threads/" + thread_).json()["messages"][1];
  EXPECT_EQ(message["status"], "stopped");
  EXPECT_TRUE(message["parts"][0]["text"].get<std::string>().starts_with("1 2 3"));
}

TEST_F(PageApiTest, ErrorsInTheMiddleAreEvents) {
  const auto events = events_of(turn({{"text", "crash"}}).body);
  EXPECT_EQ(events.front().name, "turn");
  EXPECT_EQ(events.back().name, "error");
  EXPECT_EQ(events.back().data["status"], 500);
  const Json message = client_->request("GET", "/api/threads/" + thread_).json()["messages"][1];
  EXPECT_EQ(message["status"], "error");
}

TEST_F(PageApiTest, ErrorsBeforeAreProblems) {
  struct Case {
    Json body;
    int status;
  };
  for (const Case& each : std::vector<Case>{{{{"text", "  "}}, 422},
                                            {{{"text", 7}}, 422},
                                            {Json::object(), 422},
                                            {{{"text", "a"}, {"regenerate", "b"}}, 422},
                                            {{{"text", "a"}, {"colour", "b"}}, 422},
                                            {{{"regenerate", "b"}, {"parent_id", nullptr}}, 422},
                                            {{{"text", std::string(40'000, 'x')}}, 413},
                                            {{{"text", "a"}, {"parent_id", "msg_0"}}, 404},
                                            {{{"regenerate", "msg_0"}}, 404},
                                            {{{"reply_to", "msg_0"}}, 404}}) {
    const Reply reply = turn(each.body);
    EXPECT_EQ(reply.status, each.status) << reply.body;
    EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
    const Json problem = reply.json();
    for (const char* field : {"type", "title", "detail"})
      EXPECT_TRUE(problem[field].is_string()) << field;
    EXPECT_EQ(problem["status"], each.status);
  }
  const Reply bad = client_->request("POST", "/api/threads/" + thread_ + "/turns", "{");
  EXPECT_EQ(bad.status, 422);
  EXPECT_NE(bad.json()["detail"].get<std::string>().find("request body:1"), std::string::npos);
  EXPECT_TRUE(client_->request("GET", "/api/threads/" + thread_).json()["messages"].empty());
}

TEST_F(PageApiTest, AFullQueueIs429AndKeepsNothing) {
  start({.max_concurrent = 1, .max_queue = 0, .step = {}});
  open();
  const Reply reply = turn({{"text", "x"}});
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.at("retry-after"), "2");
  EXPECT_TRUE(client_->request("GET", "/api/threads/" + thread_).json()["messages"].empty());
}

TEST_F(PageApiTest, ManagesThreads) {
  turn({{"text", "a film about lighthouses"}});
  const std::string first = thread_;
  open();
  turn({{"text", "my password"}});
  const auto titles = [&](const std::string& query) {
    std::vector<std::string> out;
    const Json page = client_->request("GET", "/api/threads" + query).json();
    for (const Json& thread : page["threads"]) out.push_back(thread["title"]);
    return out;
  };
  using Titles = std::vector<std::string>;
  EXPECT_EQ(titles(""), (Titles{"my password", "a film about lighthouses"}));
  EXPECT_EQ(titles("?q=light"), (Titles{"a film about lighthouses"}));
  EXPECT_EQ(titles("?q=You+said%3A+my"), (Titles{"my password"}));
  const Json page = client_->request("GET", "/api/threads?limit=1").json();
  EXPECT_EQ(page["more"], true);
  EXPECT_EQ(titles("?limit=1&before=" + page["threads"][0]["id"].get<std::string>()),
            (Titles{"a film about lighthouses"}));
  EXPECT_EQ(client_->request("GET", "/api/threads?limit=x").status, 422);
  EXPECT_EQ(client_->request("PATCH", "/api/threads/" + first, Json{{"title", "Sea"}}.dump())
                .json()["title"],
            "Sea");
  EXPECT_EQ(client_->request("PATCH", "/api/threads/" + first, Json{{"title", " "}}.dump()).status,
            422);
  EXPECT_EQ(
      client_->request("PATCH", "/api/threads/" + first, Json{{"head_id", "msg_x"}}.dump()).status,
      404);
  EXPECT_EQ(client_->request("DELETE", "/api/threads/" + first).status, 204);
  EXPECT_EQ(client_->request("GET", "/api/threads/" + first).status, 404);
  EXPECT_EQ(titles(""), (Titles{"my password"}));
}

TEST_F(PageApiTest, KeepsParticipantsApart) {
  const Json message = events_of(turn({{"text", "private"}}).body).back().data["message"];
  TestClient other(port());
  const std::string path = "/api/threads/" + thread_;
  for (int visit = 0; visit < 2; ++visit) {  // without a cookie, then with one of its own
    EXPECT_EQ(other.request("GET", path).status, 404);
    EXPECT_EQ(other.request("PATCH", path, R"({"title": "x"})").status, 404);
    EXPECT_EQ(other.request("DELETE", path).status, 404);
    EXPECT_EQ(other.request("POST", path + "/turns", R"({"text": "x"})").status, 404);
    EXPECT_EQ(other.request("POST", path + "/stop", "{}").status, 404);
    EXPECT_EQ(other
                  .request("PUT", "/api/messages/" + message["id"].get<std::string>() + "/feedback",
                           R"({"rating": "up"})")
                  .status,
              404);
    EXPECT_TRUE(other.request("GET", "/api/threads").json()["threads"].empty());
    other.request("POST", "/api/threads", "{}");
    EXPECT_EQ(other.cookie.size(), 64u);
    EXPECT_NE(other.cookie, cookie_);
    other.request(
        "DELETE",
        "/api/threads/" +
            other.request("GET", "/api/threads").json()["threads"][0]["id"].get<std::string>());
  }
}

TEST_F(PageApiTest, TheCookieIsHiddenFromScripts) {
  TestClient fresh(port());
  const Reply reply = fresh.request("GET", "/api/config");
  const std::string cookie = reply.headers.at("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Lax"), std::string::npos);
  EXPECT_FALSE(fresh.request("GET", "/api/config").headers.count("set-cookie"));
  fresh.cookie = "forged";
  EXPECT_TRUE(fresh.request("GET", "/api/config").headers.count("set-cookie"));
}

TEST_F(PageApiTest, TakesFeedback) {
  const std::string id = events_of(turn({{"text", "x"}}).body).back().data["message"]["id"];
  const std::string path = "/api/messages/" + id + "/feedback";
  const Json up =
      client_->request("PUT", path, R"({"rating": "down", "reason": "wrong film"})").json();
  EXPECT_EQ(up["feedback"], (Json{{"rating", "down"}, {"reason", "wrong film"}}));
  EXPECT_EQ(client_->request("PUT", path, R"({"rating": "up"})").json()["feedback"],
            (Json{{"rating", "up"}, {"reason", nullptr}}));
  EXPECT_TRUE(client_->request("PUT", path, R"({"rating": null})").json()["feedback"].is_null());
  EXPECT_EQ(client_->request("PUT", path, R"({"rating": "sideways"})").status, 422);
  EXPECT_EQ(client_->request("PUT", path, R"({})").status, 422);
  EXPECT_EQ(client_->request("PUT", "/api/messages/msg_x/feedback", R"({"rating": "up"})").status,
            404);
}

TEST_F(PageApiTest, OtherSitesMayNotChangeAnything) {
  const auto with = [&](std::vector<std::pair<std::string, std::string>> headers) {
    return client_->request("POST", "/api/threads", "{}", headers).status;
  };
  EXPECT_EQ(with({{"Host", "localhost:8080"}, {"Origin", "http://localhost:8080"}}), 201);
  EXPECT_EQ(with({{"Host", "localhost"}, {"Origin", "https://localhost"}}),
            201);  // behind a TLS proxy
  EXPECT_EQ(with({{"Origin", "https://evil.example"}}), 403);
  EXPECT_EQ(with({{"Host", "localhost:8080"}, {"Origin", "http://localhost:9090"}}), 403);
  EXPECT_EQ(with({{"Origin", "null"}}), 403);
  EXPECT_EQ(with({{"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(with({{"Sec-Fetch-Site", "same-site"}}), 403);
  EXPECT_EQ(with({{"Sec-Fetch-Site", "same-origin"}, {"Origin", "null"}}), 201);
  EXPECT_EQ(with({{"Host", "evil.example"}}), 421);  // a name that was made to resolve here
  EXPECT_EQ(with({{"Host", "127.0.0.1.evil.example"}}), 421);
  EXPECT_EQ(with({{"Host", "[::1]:8080"}}), 201);
}

}  // namespace page_api_test
}  // namespace parley::server
