// Which handler a request belongs to. A path is cut at its slashes first and each segment decoded
// then: "%2F" inside a segment is a character of a name, never a boundary.
//
// GET answers HEAD as well. A path that no route has still lies on a surface, that of the route
// whose beginning it shares, so that its 404 has the shape that clients there expect.
// Thread-safe once all routes are added.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.hpp"
#include "server/http/surface.hpp"

namespace parley::server {

class Router {
 public:
  // What stands where the pattern has {…}, decoded, in order.
  using Values = std::vector<std::string>;
  using Handler = std::function<void(const std::shared_ptr<Exchange>&, const Values&)>;

  struct Route {
    std::string method;   // "GET"
    std::string pattern;  // "/api/threads/{id}"; {…} is one segment that is not empty
    Surface surface;
    Handler handler;
    std::string label = {};  // in metrics and logs; empty: the pattern
  };

  struct Match {
    Surface surface = Surface::kPage;
    const Route* route = nullptr;  // null: nothing is there, or not by this method
    std::string label;             // empty: nothing is there
    std::string allow;             // all methods that are possible there: "GET, HEAD, OPTIONS"
    Values values;
  };

  // REQUIRES: no other route has this method and pattern; all methods of a pattern are of one
  // surface.
  void add(Route route);
  // `path` as it was sent, without the query. Where several patterns fit, literal segments win over
  // {…}, earlier ones first.
  Match match(std::string_view method, std::string_view path) const;

 private:
  struct Pattern {
    std::vector<std::string> segments;  // "{…}" stands for any
    std::vector<Route> routes;          // one a method
  };

  std::vector<std::unique_ptr<Pattern>> patterns_;  // matches point into them
};

}  // namespace parley::server
