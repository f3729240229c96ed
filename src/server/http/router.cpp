#include "server/http/router.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace parley::server {
namespace {

// "/api/threads/a%2Fb" → {"api", "threads", "a/b"}
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.starts_with('/')) return segments;
  for (;;) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.push_back(percent_decode(path.substr(0, end), false));
    path.remove_prefix(end);
    if (path.empty()) return segments;
  }
}

bool is_value(const std::string& segment) {
  return segment.starts_with('{');
}

bool fits(const std::string& wanted, const std::string& segment) {
  return is_value(wanted) ? !segment.empty() : wanted == segment;
}

// How many segments of `path` fit from the start; none where they share no name.
std::size_t shared(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.empty() || is_value(pattern[0])) return 0;
  std::size_t i = 0;
  while (i < pattern.size() && i < path.size() && fits(pattern[i], path[i])) ++i;
  return i;
}

// Of two patterns that fit one path.
bool more_literal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_value(a[i]) != is_value(b[i])) return is_value(b[i]);
  }
  return false;
}

}  // namespace

void Router::add(Route route) {
  auto segments = segments_of(route.pattern);
  const auto found =
      std::ranges::find_if(patterns_, [&](const auto& each) { return each->segments == segments; });
  Pattern* pattern = nullptr;
  if (found != patterns_.end()) {
    pattern = found->get();
  } else {
    patterns_.push_back(std::make_unique<Pattern>());
    pattern = patterns_.back().get();
    pattern->segments = std::move(segments);
  }
  for (const Route& other : pattern->routes) {
    if (other.method == route.method || other.surface != route.surface)
      fail(ErrorKind::kInternal, "two routes for " + route.method + " " + route.pattern);
  }
  if (route.label.empty()) route.label = route.pattern;
  pattern->routes.push_back(std::move(route));
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  const auto segments = segments_of(path);
  const Pattern* best = nullptr;
  Match match;
  std::size_t most_shared = 0;
  for (const auto& pattern : patterns_) {
    const std::size_t common = shared(pattern->segments, segments);
    if (common > most_shared) {
      most_shared = common;
      match.surface = pattern->routes[0].surface;
    }
    const bool whole = pattern->segments.size() == segments.size() &&
                       std::ranges::equal(pattern->segments, segments, fits);
    if (whole && (!best || more_literal(pattern->segments, best->segments))) best = pattern.get();
  }
  if (!best) return match;
  match.surface = best->routes[0].surface;
  match.label = best->routes[0].label;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (is_value(best->segments[i])) match.values.push_back(segments[i]);
  }
  const auto find = [&](std::string_view wanted) {
    const auto at = std::ranges::find(best->routes, wanted, &Route::method);
    return at == best->routes.end() ? nullptr : &*at;
  };
  match.route = find(method == "HEAD" && !find("HEAD") ? "GET" : method);
  for (const char* each : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
    const bool possible = find(each) || (each == std::string_view("HEAD") && find("GET"));
    if (possible) match.allow += std::string(each) + ", ";
  }
  match.allow += "OPTIONS";
  return match;
}

}  // namespace parley::server
