#include "server/http/static_pages.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "base/base64.hpp"
#include "base/sha256.hpp"

namespace parley::server {
namespace {

constexpr std::string_view kIndex = "index.html";

std::string base64_sha256(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  return encode_base64({reinterpret_cast<const char*>(digest), size});
}

// " 'sha256-…'" for every <tag>…</tag> with content. Our own build made the page: no need for a
// full HTML parser.
std::string inline_hashes(std::string_view html, std::string_view tag) {
  const std::string open = "<" + std::string(tag), close = "</" + std::string(tag) + ">";
  std::string out;
  for (std::size_t at = html.find(open); at != std::string_view::npos;
       at = html.find(open, at + 1)) {
    const auto start = html.find('>', at);
    const auto end = html.find(close, at);
    if (start == std::string_view::npos || end == std::string_view::npos || end <= start + 1)
      continue;
    out += " 'sha256-" + base64_sha256(html.substr(start + 1, end - start - 1)) + "'";
  }
  return out;
}

}  // namespace

std::string content_security_policy(std::string_view html, std::string_view own) {
  std::vector<std::pair<std::string, std::string>> directives = {
      {"default-src", "'none'"},
      {"script-src", "'self'" + inline_hashes(html, "script")},
      {"style-src", "'self'" + inline_hashes(html, "style")},
      {"img-src", "'self' data:"},
      {"font-src", "'self'"},
      {"connect-src", "'self'"},
      {"manifest-src", "'self'"},
      {"base-uri", "'none'"},
      {"form-action", "'none'"},
      {"frame-ancestors", "'self'"}};
  while (!own.empty()) {
    const auto end = std::min(own.find(';'), own.size());
    const std::string_view directive = trim(own.substr(0, end));
    const auto space = std::min(directive.find(' '), directive.size());
    const std::string name(directive.substr(0, space)), value(trim(directive.substr(space)));
    own.remove_prefix(std::min(end + 1, own.size()));
    if (name.empty()) continue;
    const auto known =
        std::ranges::find(directives, name, [](const auto& each) { return each.first; });
    if (known != directives.end()) {
      known->second = value;
    } else {
      directives.emplace_back(name, value);
    }
  }
  std::string out;
  for (const auto& [name, value] : directives) {
    if (!out.empty()) out += "; ";
    out += name;
    if (!value.empty()) out += " " + value;
  }
  return out;
}

StaticPages::StaticPages(const Mount& mount, std::span<const web::EmbeddedFile> files)
    : mount_(mount) {
  for (const web::EmbeddedFile& file : files) {
    Page page{file, "\"" + sha256_hex(file.content).substr(0, 32) + "\"", {}};
    if (file.content_type.starts_with("text/html"))
      page.policy = content_security_policy(file.content, mount.policy);
    if (file.path == kIndex) pages_.emplace(mount.path, page);
    pages_.emplace(std::string(mount.path).append(file.path), std::move(page));
  }
}

std::vector<std::string> StaticPages::paths() const {
  std::vector<std::string> out;
  for (const auto& [path, page] : pages_) out.push_back(path);
  return out;
}

bool StaticPages::is_entry(std::string_view path) const {
  const auto page = pages_.find(path);
  return page != pages_.end() && page->second.file.path == kIndex;
}

Response StaticPages::get(std::string_view path, const Request& request) const {
  const Page& page = pages_.find(path)->second;
  Response response;
  response.content_type = page.file.content_type;
  response.headers.emplace_back("ETag", page.etag);
  // Vite puts a hash of the content into the names under assets/.
  response.headers.emplace_back("Cache-Control", page.file.path.starts_with("assets/")
                                                     ? "public, max-age=31536000, immutable"
                                                     : "no-cache");
  if (!page.policy.empty()) response.headers.emplace_back("Content-Security-Policy", page.policy);
  if (request.header("if-none-match").find(page.etag) != std::string_view::npos) {
    response.status = 304;
  } else {
    response.static_body = page.file.content;
  }
  return response;
}

}  // namespace parley::server
