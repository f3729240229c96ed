#include "web/embedded.hpp"
namespace parley::web {
std::span<const EmbeddedFile> chat_page() {
  return {};
}
}  // namespace parley::web
