// A bundle of the web pages embedded in the program, served below its mount with validators, cache
// times and a strict content security policy.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.hpp"
#include "web/embedded.hpp"

namespace parley::server {

// Where and how a bundle is served.
struct Mount {
  std::string_view bundle;  // its name
  std::string_view path;    // "/", "/studio/": where its index.html is; its other files lie below
  Surface surface;          // of all of it
  bool for_participants = false;  // whoever comes to index.html without a cookie is given one
  // Directives that take the place of those of the same name in the strict policy, or are added to
  // it: "frame-ancestors *; connect-src 'self' https://example.org".
  std::string_view policy = {};
};

// Thread-safe after construction.
class StaticPages {
 public:
  // `files` live as long as the program.
  StaticPages(const Mount& mount, std::span<const web::EmbeddedFile> files);

  const Mount& mount() const { return mount_; }
  // Where they are: the mount for index.html, "/studio/assets/app.js".
  std::vector<std::string> paths() const;
  // The answer to GET of one of these paths. REQUIRES: paths() has it.
  Response get(std::string_view path, const Request& request) const;
  // Whether the page that a reader opens is there: index.html, by its name or the mount alone.
  bool is_entry(std::string_view path) const;

 private:
  struct Page {
    web::EmbeddedFile file;
    std::string etag, policy;
  };
  Mount mount_;
  std::map<std::string, Page, std::less<>> pages_;  // by path
};

// The Content-Security-Policy of an HTML page: nothing but the page's own origin, and its inline
// scripts and styles by their SHA-256; but for the directives that `own` has (Mount::policy).
std::string content_security_policy(std::string_view html, std::string_view own = {});

}  // namespace parley::server
