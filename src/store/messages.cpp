#include "store/messages.hpp"

#include <array>
#include <utility>

#include "base/error.hpp"
#include "message/plain_text.hpp"

namespace parley::store {
namespace {
constexpr std::array<std::pair<MessageStatus, std::string_view>, 6> kStatusNames = {{
    {MessageStatus::kComplete, "complete"},
    {MessageStatus::kStreaming, "streaming"},
    {MessageStatus::kStopped, "stopped"},
    {MessageStatus::kLength, "length"},
    {MessageStatus::kInterrupted, "interrupted"},
    {MessageStatus::kError, "error"},
}};
}  // namespace

std::string_view status_name(MessageStatus status) {
  for (const auto& [value, name] : kStatusNames) {
    if (value == status) return name;
  }
  fail(ErrorKind::kInternal, "a message status without a name");
}

MessageStatus status_from_name(std::string_view name) {
  for (const auto& [value, text] : kStatusNames) {
    if (text == name) return value;
  }
  fail(ErrorKind::kInternal, "unknown message status '" + std::string(name) + "' in the store");
}

std::string Message::text() const {
  return message::plain_text(parts);
}

}  // namespace parley::store
