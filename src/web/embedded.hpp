// The built web pages, embedded in the program. Paths are as served: "index.html",
// "assets/index-1a2b.js".
#pragma once

#include <span>
#include <string_view>

namespace parley::web {

struct EmbeddedFile {
  std::string_view path;
  std::string_view content_type;
  std::string_view content;
};

std::span<const EmbeddedFile> chat_page();  // empty in a build without PARLEY_WEB

}  // namespace parley::web
