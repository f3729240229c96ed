// The HTTP/1.1 server: sockets, limits and time-outs. One thread moves all bytes; handlers must
// hand longer work to others and answer through the Exchange.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "server/http/http.hpp"

namespace parley::server {

struct HttpOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0: any free one
  std::size_t max_header_bytes = 16 * 1024;
  std::size_t max_body_bytes = 4 * 1024 * 1024;
  std::size_t max_unsent_bytes = 512 * 1024;  // of one stream whose client reads slowly
  int max_connections = 2000;
  double header_seconds = 30;  // from the accept, or the last answer, to the end of the next header
  double body_seconds = 60;
  double write_seconds = 30;  // without any progress
  double keep_alive_seconds =
      15;  // a comment on a silent event stream, so that proxies keep it open
};

// What the server asks of whoever answers.
struct HttpCalls {
  Handler handle;
  // How much a body may have, told from the header; HttpOptions::max_body_bytes holds besides.
  std::function<std::size_t(const Request&)> max_body_bytes;
  // The response to what never reaches the handler: malformed, too large, or dropped requests.
  std::function<Response(const Request&, int status, const std::string& detail)> refuse;
  std::function<void(const Served&)> served;  // told of every exchange when it is over
};

class HttpServer {
 public:
  // Listens at once; requests are served from here on. Errors: kConflict (port in use), kUsage (no
  // such host), kIo.
  HttpServer(const HttpOptions& options, HttpCalls calls);
  ~HttpServer();  // cuts what is left
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;
  // No new connections; exchanges under way go on. Idle connections stay open until the end, to be
  // told so.
  void stop_accepting();
  int active() const;  // exchanges under way
  int connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::server
