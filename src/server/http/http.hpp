// HTTP as the handlers see it: a request, a response, and an exchange of the two that may be
// answered later and from any thread, at once or as a stream. Nothing here knows Beast: that takes
// 40 seconds a unit to compile and stays in http_server.cpp.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/surface.hpp"

namespace parley::server {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string id;      // for logs and the X-Request-Id header
  std::string method;  // "GET"
  std::string path;    // as sent, without the query: whoever takes it apart decodes the pieces
  std::string query;   // as sent, without '?'
  Headers headers;     // names in lower case
  std::string body;
  std::string peer;  // the address that the connection comes from, without a port

  std::string_view header(std::string_view name) const;  // empty when absent
  std::string query_value(std::string_view name) const;  // decoded; empty when absent
  std::string_view cookie(std::string_view name) const;  // empty when absent
  // Whose request it is, as far as can be told: where it comes from, and the credentials it shows.
  std::string client() const;
};

std::string_view trim(std::string_view text);  // without the blanks and tabs around it

// "a%20b+c" → "a b c"; broken escapes stay as they are. `plus_is_space` in queries only.
std::string percent_decode(std::string_view text, bool plus_is_space);

struct Response {
  int status = 200;
  std::string content_type;
  Headers headers;
  std::string body;
  std::string_view
      static_body;  // sent instead of `body` when not empty; must live as long as the program
};

// Thread-safe. Exactly one of respond() and begin_stream() is called, once; after begin_stream()
// any number of write() and one end_stream(). Whoever takes an exchange must answer it.
class Exchange {
 public:
  virtual ~Exchange() = default;

  Request request;
  // Set before answering:
  Surface surface = Surface::kPage;  // where its path belongs: the shape of errors
  std::string route = "unknown";     // the pattern that matched, for metrics and logs
  Headers common_headers;            // added to the answer's own

  virtual void respond(Response response) = 0;

  virtual void begin_stream(Response head) = 0;
  // False when nobody reads any more, or so slowly that the unsent bytes passed the limit; then the
  // connection is closed and on_gone is called. Never blocks.
  virtual bool write(std::string_view bytes) = 0;
  virtual void end_stream() = 0;
  // Closes the connection without a proper end, so that the client sees that something is missing.
  virtual void abort() = 0;

  // Called once, when the client disconnects before the answer is complete; at once if that has
  // happened already.
  virtual void on_gone(std::function<void()> callback) = 0;
};

using Handler = std::function<void(const std::shared_ptr<Exchange>&)>;

// What became of one exchange.
struct Served {
  std::string id, method, route;
  Surface surface = Surface::kPage;
  int status = 0;
  double seconds = 0;
  std::size_t bytes = 0;  // of the body
  bool streamed = false;
  bool complete = false;  // false: the client went away, or the answer was cut
};

}  // namespace parley::server
