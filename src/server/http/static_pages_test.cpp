// Bundles of web pages, each below its mount.
#include "server/http/static_pages.hpp"

#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace static_pages_test {

constexpr std::string_view kChat =
    "<html><script src=\"x.js\"></script><script>go()</script></html>";
constexpr web::EmbeddedFile kChatFiles[] = {
    {"index.html", "text/html; charset=utf-8", kChat},
    {"assets/x-1a.js", "text/javascript", "1"},
    {"logo.svg", "image/svg+xml", "<svg/>"},
};
constexpr web::EmbeddedFile kStudioFiles[] = {
    {"index.html", "text/html; charset=utf-8", "<html>studio</html>"},
    {"assets/x-1a.js", "text/javascript", "2"},
};
constexpr Mount kTwoMounts[] = {
    {"chat", "/", Surface::kPage, true},
    {"studio", "/studio/", Surface::kPageApi, false,
     "frame-ancestors 'none'; worker-src 'self'; script-src 'self' 'wasm-unsafe-eval'"},
};

class StaticPagesTest : public ServerTest {};

TEST_F(StaticPagesTest, AreValidatedCachedAndHeldToAPolicy) {
  bundles_ = {{"chat", kChatFiles}};
  start();
  TestClient client(port());
  const Reply page = client.request("GET", "/");
  EXPECT_EQ(page.body, kChat);
  EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
  EXPECT_TRUE(page.headers.count("set-cookie"));
  const std::string policy = page.headers.at("content-security-policy");
  EXPECT_NE(policy.find("default-src 'none'; script-src 'self' 'sha256-"), std::string::npos)
      << policy;
  EXPECT_NE(policy.find("frame-ancestors 'self'"), std::string::npos);
  const std::string etag = page.headers.at("etag");
  const Reply again = client.request("GET", "/", {}, {{"If-None-Match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(client.request("GET", "/index.html").body, kChat);
  EXPECT_EQ(client.request("GET", "/assets/x-1a.js").headers.at("cache-control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(client.request("HEAD", "/logo.svg").headers.at("content-type"), "image/svg+xml");
  EXPECT_EQ(client.request("GET", "/assets/../index.html").status, 404);
  EXPECT_EQ(client.request("POST", "/").status, 405);
}

TEST_F(StaticPagesTest, SeveralBundlesKeepToThemselves) {
  options_.mounts = kTwoMounts;
  bundles_ = {{"chat", kChatFiles}, {"studio", kStudioFiles}, {"unmounted", kChatFiles}};
  start();
  TestClient client(port());
  EXPECT_EQ(client.request("GET", "/").body, kChat);
  EXPECT_EQ(client.request("GET", "/assets/x-1a.js").body, "1");
  for (const char* path : {"/studio/", "/studio/index.html"}) {
    const Reply page = client.request("GET", path);
    EXPECT_EQ(page.body, "<html>studio</html>") << path;
    EXPECT_EQ(page.headers.at("cache-control"), "no-cache");
    EXPECT_FALSE(page.headers.count("set-cookie"));
    const std::string policy = page.headers.at("content-security-policy");
    EXPECT_EQ(policy.find("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src"),
              0U)
        << policy;
    EXPECT_TRUE(policy.ends_with("frame-ancestors 'none'; worker-src 'self'")) << policy;
    const Reply again =
        client.request("GET", path, {}, {{"If-None-Match", page.headers.at("etag")}});
    EXPECT_EQ(again.status, 304);
  }
  const Reply asset = client.request("GET", "/studio/assets/x-1a.js");
  EXPECT_EQ(asset.body, "2");
  EXPECT_EQ(asset.headers.at("cache-control"), "public, max-age=31536000, immutable");
  EXPECT_FALSE(asset.headers.count("content-security-policy"));
  EXPECT_EQ(client.request("GET", "/studio/logo.svg").status, 404);  // only chat has it
  EXPECT_EQ(client.request("GET", "/unmounted/").status, 404);
}

TEST_F(StaticPagesTest, ABundleIsOfItsOwnSurface) {
  options_.mounts = kTwoMounts;
  bundles_ = {{"chat", kChatFiles}, {"studio", kStudioFiles}};
  start();
  TestClient client(port());
  const Headers foreign = {{"Sec-Fetch-Site", "cross-site"}};
  EXPECT_EQ(client.request("GET", "/", {}, foreign).status, 200);
  for (const char* path : {"/studio", "/studio/", "/studio/assets/x-1a.js", "/studio/nothing"})
    EXPECT_EQ(client.request("GET", path, {}, foreign).status, 403) << path;
}

TEST_F(StaticPagesTest, AMountWithoutItsSlashLeadsToIt) {
  options_.mounts = kTwoMounts;
  bundles_ = {{"studio", kStudioFiles}};
  start();
  TestClient client(port());
  const Reply reply = client.request("GET", "/studio");
  EXPECT_EQ(reply.status, 308);
  EXPECT_EQ(reply.headers.at("location"), "studio/");
  EXPECT_EQ(client.request("GET", "/studio?run=7").headers.at("location"), "studio/?run=7");
}

TEST_F(StaticPagesTest, WhatWasNotBuiltIsNotServed) {
  EXPECT_NE(get("/").body.find("no chat page"), std::string::npos);
  EXPECT_FALSE(app_->has_page());
  options_.mounts = kTwoMounts;
  bundles_ = {{"chat", {}}, {"studio", {}}};
  start();
  EXPECT_NE(get("/").body.find("no chat page"), std::string::npos);
  EXPECT_EQ(get("/studio").status, 404);
  EXPECT_EQ(get("/studio/").status, 404);
  bundles_ = {{"chat", kChatFiles}};
  start();
  EXPECT_TRUE(app_->has_page());
}

TEST(ContentSecurityPolicy, ReadsDirectivesHoweverTheyAreSpaced) {
  const std::string strict = content_security_policy("<html></html>");
  EXPECT_EQ(content_security_policy("<html></html>", " ; ;; "), strict);
  EXPECT_EQ(content_security_policy("<html></html>", "worker-src 'self' ;"),
            strict + "; worker-src 'self'");
  EXPECT_EQ(content_security_policy("<html></html>", "upgrade-insecure-requests"),
            strict + "; upgrade-insecure-requests");
}

}  // namespace static_pages_test
}  // namespace parley::server
