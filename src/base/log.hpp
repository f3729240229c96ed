// Structured logs on stderr: one event name and its fields per line, as text for people (a
// terminal) or as JSON (otherwise, or PARLEY_LOG=json). Level by
// PARLEY_LOG_LEVEL=debug|info|warn|error (default: warn for one-shot commands, info for servers).
// Never log message text or secrets.
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace parley::log {

enum class Level { kDebug, kInfo, kWarn, kError };

void configure(Level default_level);  // reads the environment; call once at start
void event(Level level, std::string_view name, const Json& fields = Json::object());

inline void debug(std::string_view name, const Json& fields = Json::object()) {
  event(Level::kDebug, name, fields);
}
inline void info(std::string_view name, const Json& fields = Json::object()) {
  event(Level::kInfo, name, fields);
}
inline void warn(std::string_view name, const Json& fields = Json::object()) {
  event(Level::kWarn, name, fields);
}
inline void error(std::string_view name, const Json& fields = Json::object()) {
  event(Level::kError, name, fields);
}

}  // namespace parley::log
