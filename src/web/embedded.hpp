// The web pages that were built into the program, a bundle for each workspace of web/ that
// cmake/web.cmake names.
#pragma once

#include <span>
#include <string_view>

namespace parley::web {

struct EmbeddedFile {
  std::string_view path;  // within its bundle: "index.html", "assets/index-1a2b.js"
  std::string_view content_type;
  std::string_view content;
};

struct Bundle {
  std::string_view name;  // "chat", of web/chat
  std::span<const EmbeddedFile> files;
};

std::span<const Bundle> bundles();  // without files in a build without PARLEY_WEB

}  // namespace parley::web
