// The web pages embedded in the program, served with validators, cache times and a strict content
// security policy.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "server/http/http.hpp"
#include "web/embedded.hpp"

namespace parley::server {

// Thread-safe after construction.
class StaticPages {
 public:
  // `files` live as long as the program.
  explicit StaticPages(std::span<const web::EmbeddedFile> files);

  bool empty() const { return pages_.empty(); }
  // The answer to GET or HEAD of a path; nothing when there is no such file. "/" is index.html.
  std::optional<Response> find(const Request& request) const;

 private:
  struct Page {
    web::EmbeddedFile file;
    std::string etag, policy;
  };
  std::unordered_map<std::string_view, Page> pages_;
};

// The Content-Security-Policy of an HTML page: nothing but the page's own origin, and its inline
// scripts and styles by their SHA-256.
std::string content_security_policy(std::string_view html);

}  // namespace parley::server
