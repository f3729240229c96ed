#include "base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/clock.hpp"

namespace parley::log {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

const char* level_name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "info";
}

bool use_json() {
  static const bool json = [] {
    const char* format = std::getenv("PARLEY_LOG");
    if (format) return std::string_view(format) == "json";
    return ::isatty(STDERR_FILENO) == 0;
  }();
  return json;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_logger_mt("parley");
    made->set_pattern("%v");
    made->set_level(spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void configure(Level default_level) {
  Level level = default_level;
  if (const char* wanted = std::getenv("PARLEY_LOG_LEVEL")) {
    for (const Level each : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
      if (std::string_view(wanted) == level_name(each)) level = each;
    }
  }
  logger().set_level(spdlog_level(level));
}

void event(Level level, std::string_view name, const Json& fields) {
  if (!logger().should_log(spdlog_level(level))) return;
  const std::string time = format_utc(Clock::system().now_ms());
  std::string line;
  if (use_json()) {
    Json record = {{"time", time}, {"level", level_name(level)}, {"event", name}};
    for (const auto& [key, value] : fields.items()) record[key] = value;
    line = to_text(record);
  } else {
    line = time.substr(11, 12) + " " + level_name(level) + " " + std::string(name);
    for (const auto& [key, value] : fields.items()) {
      line += " " + key + "=" + (value.is_string() ? value.get<std::string>() : to_text(value));
    }
  }
  logger().log(spdlog_level(level), "{}", line);
}

}  // namespace parley::log
