// The web pages embedded in the program, served with validators, cache times and a strict content
// security policy.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.hpp"
#include "web/embedded.hpp"

namespace parley::server {

// Thread-safe after construction.
class StaticPages {
 public:
  // `files` live as long as the program.
  explicit StaticPages(std::span<const web::EmbeddedFile> files);

  // Where they are: "/" for index.html, "/assets/app.js".
  std::vector<std::string> paths() const;
  // The answer to GET of one of these paths. REQUIRES: paths() has it.
  Response get(std::string_view path, const Request& request) const;

 private:
  struct Page {
    web::EmbeddedFile file;
    std::string etag, policy;
  };
  std::map<std::string, Page, std::less<>> pages_;  // by path
};

// The Content-Security-Policy of an HTML page: nothing but the page's own origin, and its inline
// scripts and styles by their SHA-256.
std::string content_security_policy(std::string_view html);

}  // namespace parley::server
