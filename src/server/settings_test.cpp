// Which names and origins may be allowed: the same whether a project's file or a command says so.
#include "server/settings.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/yaml.hpp"

namespace parley::server {
namespace settings_test {

ServerSettings read(const std::string& text) {
  ServerSettings settings;
  load_fields(yaml::parse(text, "p.yaml"), "p.yaml", "serving",
              [&](Fields& at) { describe(at, settings); });
  return settings;
}

bool file_takes(const char* key, const std::string& value) {
  try {
    read(std::string(key) + ": [" + to_text(Json(value)) + "]\n");
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(ServerSettings, HostNamesStandAlone) {
  for (const char* name : {"chat.example.org", "Chat.Example.org", "parley", "a_b-c", "x."}) {
    EXPECT_TRUE(is_host_name(name)) << name;
    EXPECT_TRUE(file_takes("allow_hosts", name)) << name;
  }
  const std::string longest(253, 'a');
  EXPECT_TRUE(is_host_name(longest));
  EXPECT_TRUE(file_takes("allow_hosts", longest));
  for (const std::string& name :
       {std::string("https://chat.example.org"), std::string("chat.example.org:8080"),
        std::string("a/b"), std::string(""), std::string("*"), std::string("a b"),
        std::string("a\n"), std::string("m\xC3\xBCnchen.example"), longest + "a"}) {
    EXPECT_FALSE(is_host_name(name)) << name;
    EXPECT_FALSE(file_takes("allow_hosts", name)) << name;
  }
}

TEST(ServerSettings, OriginsHaveASchemeAndNoPath) {
  for (const char* origin : {"https://app.example", "http://localhost:5173", "HTTPS://App.example",
                             "https://[::1]:80", "capacitor://localhost", "*"}) {
    EXPECT_TRUE(is_origin(origin)) << origin;
    EXPECT_TRUE(file_takes("cors_origins", origin)) << origin;
  }
  for (const char* origin : {"app.example", "https://", "https://app.example/", "://x", "**", "",
                             "https://a b", "https://user@app.example", "a b://x"}) {
    EXPECT_FALSE(is_origin(origin)) << origin;
    EXPECT_FALSE(file_takes("cors_origins", origin)) << origin;
  }
}

}  // namespace settings_test
}  // namespace parley::server
