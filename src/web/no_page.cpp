// A build without PARLEY_WEB: there is no page to serve.
#include "web/embedded.hpp"

namespace parley::web {

std::span<const EmbeddedFile> chat_page() {
  return {};
}

}  // namespace parley::web
