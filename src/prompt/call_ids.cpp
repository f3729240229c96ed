#include "prompt/call_ids.hpp"

#include <algorithm>

#include "base/id.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kNine = 9;
constexpr std::size_t kRandom = 24;  // letters and digits behind "call_", as OpenAI has them
constexpr std::size_t kLongest = 64;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

void CallIds::take(const Json& messages) {
  const std::lock_guard lock(mutex_);
  const auto take_from = [&](const Json& object, const char* key) {
    if (!object.is_object()) return;
    const auto id = object.find(key);
    if (id != object.end() && id->is_string()) taken_.insert(id->get<std::string>());
  };
  for (const Json& message : messages) {
    take_from(message, "tool_call_id");
    const auto calls = message.is_object() ? message.find("tool_calls") : message.end();
    if (calls == message.end()) continue;
    for (const Json& call : *calls) take_from(call, "id");
  }
}

bool CallIds::fits(std::string_view own) const {
  if (nine_) return own.size() == kNine && std::ranges::all_of(own, is_alphanumeric);
  return !own.empty() && own.size() <= kLongest && std::ranges::all_of(own, [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.' || c == ':';
  });
}

std::string CallIds::next(std::string_view own) {
  const std::lock_guard lock(mutex_);
  if (fits(own)) {
    if (auto [at, fresh] = taken_.emplace(own); fresh) return *at;
  }
  for (;;) {
    const std::string made =
        nine_ ? random_alphanumeric(kNine) : "call_" + random_alphanumeric(kRandom);
    if (taken_.insert(made).second) return made;
  }
}

}  // namespace parley::text
