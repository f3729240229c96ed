#include "server/http/http_server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <chrono>
#include <ctime>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/log.hpp"
#include "server/http/socket_exchange.hpp"

namespace parley::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
// After refusing a body, this much of it is read and dropped so that the client gets to see the
// answer.
constexpr std::size_t kLingerBytes = 64u << 20;
constexpr double kLingerSeconds = 5;

std::chrono::steady_clock::duration seconds(double value) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(value));
}

std::string http_date() {
  const std::time_t now = Clock::system().now_ms() / 1000;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::string hex(std::size_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "%zx", value);
  return text;
}

std::string head_text(const Response& response, const Headers& common, const Request& request,
                      bool keep_alive, bool chunked, std::optional<std::size_t> length) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  std::string text =
      "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason) + "\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Date", http_date());
  if (!response.content_type.empty()) add("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) add(name, value);
  for (const auto& [name, value] : common) add(name, value);
  if (!request.id.empty()) add("X-Request-Id", request.id);
  if (chunked) add("Transfer-Encoding", "chunked");
  if (length && response.status != 204 && response.status != 304)
    add("Content-Length", std::to_string(*length));
  add("Connection", keep_alive ? "keep-alive" : "close");
  return text + "\r\n";
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpOptions& options, HttpCalls calls)
      : options_(options), calls_(std::move(calls)), acceptor_(io_) {
    listen();
    asio::co_spawn(io_, accept(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    asio::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      for (beast::tcp_stream* stream : streams_) stream->close();  // the oldest first
      for (const auto& exchange : exchanges_) exchange->set_gone();
      stopping_ = true;
      if (streams_.empty()) io_.stop();
    });
    thread_.join();
  }

  int port() const { return port_; }
  void stop_accepting() {
    draining_ = true;
    asio::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
  }
  int active() const { return active_; }
  int connections() const { return connections_; }

 private:
  void listen() {
    error_code error;
    tcp::resolver resolver(io_);
    const auto found =
        resolver.resolve(options_.host, std::to_string(options_.port),
                         tcp::resolver::passive | tcp::resolver::numeric_service, error);
    if (error || found.empty()) {
      fail(ErrorKind::kUsage, "cannot listen on '" + options_.host + "': " + error.message(),
           "use --host 127.0.0.1 for this machine only, or --host 0.0.0.0 for all networks");
    }
    tcp::endpoint endpoint = found.begin()->endpoint();
    for (const auto& entry : found) {  // "localhost" names both families: take the older
      if (entry.endpoint().protocol() == tcp::v4()) endpoint = entry.endpoint();
    }
    const std::string place = options_.host + ":" + std::to_string(options_.port);
    const auto check = [&](const char* what) {
      if (!error) return;
      if (error == asio::error::address_in_use) {
        fail(ErrorKind::kConflict,
             "port " + std::to_string(options_.port) + " on " + options_.host + " is in use",
             "stop the program that has it, or choose another: --port " +
                 std::to_string(options_.port < 65535 ? options_.port + 1 : 8080));
      }
      if (error == asio::error::access_denied) {
        fail(ErrorKind::kIo, "not allowed to listen on " + place,
             "ports below 1024 need privileges: choose --port 8080");
      }
      fail(ErrorKind::kIo, std::string("cannot ") + what + " " + place + ": " + error.message(),
           "check --host and --port");
    };
    acceptor_.open(endpoint.protocol(), error);
    check("open a socket for");
    acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    acceptor_.bind(endpoint, error);
    check("listen on");
    acceptor_.listen(1024, error);
    check("listen on");
    port_ = acceptor_.local_endpoint().port();
  }

  asio::awaitable<void> accept() {
    while (acceptor_.is_open()) {
      auto [error, socket] = co_await acceptor_.async_accept(kNoThrow);
      if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) break;
      if (error) {  // out of file descriptors or memory: give it a moment instead of spinning
        log::warn("accept_failed", {{"why", error.message()}});
        asio::steady_timer pause(io_, std::chrono::milliseconds(100));
        co_await pause.async_wait(kNoThrow);
        continue;
      }
      if (connections_ >= options_.max_connections) {
        log::warn("connection_refused", {{"connections", connections_.load()}});
        continue;  // closes the socket
      }
      socket.set_option(tcp::no_delay(true), error);
      asio::co_spawn(io_, serve(beast::tcp_stream(std::move(socket))), asio::detached);
    }
  }

  asio::awaitable<void> serve(beast::tcp_stream stream) {
    ++connections_;
    const auto place = streams_.insert(streams_.end(), &stream);
    beast::flat_buffer buffer;
    const std::string peer = peer_of(stream);
    while (!stopping_ && co_await serve_one(stream, buffer, peer)) {
    }
    stream.close();
    streams_.erase(place);
    --connections_;
    if (stopping_ && streams_.empty()) io_.stop();
  }

  // Reads one request and answers it. False when the connection is done.
  asio::awaitable<bool> serve_one(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                  const std::string& peer) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.max_header_bytes));
    parser.body_limit(options_.max_body_bytes);
    stream.expires_after(seconds(options_.header_seconds));
    auto [error, size] = co_await http::async_read_header(stream, buffer, parser, kNoThrow);
    Request request;
    request.id = random_hex(8);
    request.peer = peer;
    fill_request(request, parser.get());  // as far as it was read
    std::size_t most = options_.max_body_bytes;
    if (!error) {
      most = std::min(most, calls_.max_body_bytes(request));
      parser.body_limit(most);  // holds for chunks; an announced length was let through already
      if (parser.content_length().value_or(0) > most) error = http::error::body_limit;
    }
    if (!error && !parser.is_done()) {
      stream.expires_after(seconds(options_.body_seconds));
      if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        co_await asio::async_write(stream, asio::buffer(kContinue), kNoThrow);
      }
      std::tie(error, size) = co_await http::async_read(stream, buffer, parser, kNoThrow);
    }
    if (error) {
      co_await refuse(stream, buffer, request, error, most);
      co_return false;
    }
    request.body = std::move(parser.get().body());
    const bool http11 = parser.get().version() >= 11;
    const bool keep_alive = http11 && parser.get().keep_alive();

    auto exchange = std::make_shared<SocketExchange>(io_, options_.max_unsent_bytes);
    exchange->request = std::move(request);
    ++active_;
    const auto place = exchanges_.insert(exchanges_.end(), exchange);
    asio::cancellation_signal stop_watching;
    watch(stream, exchange, stop_watching);
    const double started = Clock::system().monotonic_s();
    calls_.handle(exchange);
    Served served;
    asio::steady_timer timer(io_);
    exchange->set_timer(&timer);
    const bool complete = co_await answer(stream, *exchange, timer, keep_alive, http11, served);
    exchange->set_timer(nullptr);
    exchange->close();
    stop_watching.emit(asio::cancellation_type::all);
    exchanges_.erase(place);
    served.id = exchange->request.id;
    served.method = exchange->request.method;
    served.route = exchange->route;
    served.surface = exchange->surface;
    served.seconds = Clock::system().monotonic_s() - started;
    served.complete = complete;
    calls_.served(served);
    --active_;
    co_return complete&& keep_alive && !draining_;
  }

  static std::string peer_of(const beast::tcp_stream& stream) {
    error_code error;
    const auto address = stream.socket().remote_endpoint(error).address();
    if (error) return {};
    return address.is_v6() && address.to_v6().is_v4_mapped()
               ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string()
               : address.to_string();
  }

  static void fill_request(Request& request, const http::request<http::string_body>& message) {
    request.method = std::string(message.method_string());
    const std::string_view target(message.target().data(), message.target().size());
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string_view::npos) request.query = target.substr(question + 1);
    for (const auto& field : message) {
      std::string name(field.name_string());
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return std::tolower(c); });
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
  }

  // What could not be read as a request is answered where that makes sense; then the connection
  // ends.
  asio::awaitable<void> refuse(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                               const Request& request, error_code error, std::size_t most) {
    int status = 400;
    std::string detail = "the request is not valid HTTP: " + error.message();
    if (error == http::error::body_limit) {
      status = 413;
      detail = "the body is larger than " + std::to_string(most) + " bytes";
    } else if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      status = 431;
      detail = "the header is larger than " + std::to_string(options_.max_header_bytes) + " bytes";
    } else if (error.category() != http::make_error_code(http::error::bad_method).category() ||
               error == http::error::end_of_stream || error == http::error::partial_message) {
      co_return;  // closed or timed out
    }
    const Response response = calls_.refuse(request, status, detail);
    const std::string text =
        head_text(response, {}, request, false, false, response.body.size()) + response.body;
    stream.expires_after(seconds(options_.write_seconds));
    co_await asio::async_write(stream, asio::buffer(text), kNoThrow);
    Served served{request.id, request.method, "refused"};
    served.status = status;
    served.bytes = response.body.size();
    served.complete = true;
    calls_.served(served);

    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream.expires_after(seconds(kLingerSeconds));
    buffer.consume(buffer.size());
    std::size_t dropped = 0;
    while (dropped < kLingerBytes) {
      const auto [read_error, size] =
          co_await stream.async_read_some(buffer.prepare(64 * 1024), kNoThrow);
      if (read_error) break;
      dropped += size;
    }
  }

  // Tells the exchange when the client closes its end. A pipelined request ends the watch: from
  // then on only a failed write tells.
  void watch(beast::tcp_stream& stream, const std::shared_ptr<SocketExchange>& exchange,
             asio::cancellation_signal& stop) {
    const int fd = stream.socket().native_handle();
    stream.socket().async_wait(
        tcp::socket::wait_read,
        asio::bind_cancellation_slot(stop.slot(), [exchange, fd](error_code error) {
          if (error == asio::error::operation_aborted) return;
          char byte = 0;
          if (error || ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0) exchange->set_gone();
        }));
  }

  // Writes all of `text`; the time-out counts from the last progress.
  asio::awaitable<bool> write(beast::tcp_stream& stream, std::string_view text) {
    while (!text.empty()) {
      const std::string_view piece = text.substr(0, 64 * 1024);
      stream.expires_after(seconds(options_.write_seconds));
      const auto [error, size] = co_await asio::async_write(stream, asio::buffer(piece), kNoThrow);
      if (error) co_return false;
      text.remove_prefix(piece.size());
    }
    co_return true;
  }

  // True when the whole answer was written.
  asio::awaitable<bool> answer(beast::tcp_stream& stream, SocketExchange& exchange,
                               asio::steady_timer& timer, bool keep_alive, bool http11,
                               Served& served) {
    bool head_sent = false;
    for (;;) {
      SocketExchange::State state = exchange.take();
      if (state.gone) co_return false;
      if (!state.ready) {
        timer.expires_at(std::chrono::steady_clock::time_point::max());
        co_await timer.async_wait(kNoThrow);
        continue;
      }
      const Response& head = exchange.head();
      const bool keep = keep_alive && !draining_;
      served.status = head.status;
      served.streamed = state.streaming;
      if (!state.streaming) {
        const std::string_view body =
            head.static_body.empty() ? std::string_view(head.body) : head.static_body;
        const bool send_body =
            exchange.request.method != "HEAD" && head.status != 204 && head.status != 304;
        std::string text =
            head_text(head, exchange.common_headers, exchange.request, keep, false, body.size());
        if (send_body) {
          served.bytes = body.size();
          text += body;
        }
        co_return co_await write(stream, text);
      }
      std::string out;
      if (!head_sent)
        out =
            head_text(head, exchange.common_headers, exchange.request, keep, http11, std::nullopt);
      head_sent = true;
      if (!state.bytes.empty()) {
        served.bytes += state.bytes.size();
        out += http11 ? hex(state.bytes.size()) + "\r\n" + state.bytes + "\r\n" : state.bytes;
      }
      if (state.ended && http11) out += "0\r\n\r\n";
      if (!out.empty() && !co_await write(stream, out)) {
        exchange.set_gone();
        co_return false;
      }
      if (state.ended) co_return true;
      if (!out.empty()) continue;  // more may have come meanwhile
      stream.expires_never();
      timer.expires_after(seconds(options_.keep_alive_seconds));
      const auto [woken] = co_await timer.async_wait(kNoThrow);
      if (!woken)
        exchange.write(": still here\n\n");  // the timer ran out: nothing was said for a while
    }
  }

  const HttpOptions options_;
  const HttpCalls calls_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  int port_ = 0;
  bool stopping_ = false;                  // the io thread's
  std::list<beast::tcp_stream*> streams_;  // as they came
  std::list<std::shared_ptr<SocketExchange>> exchanges_;
  std::atomic<bool> draining_ = false;
  std::atomic<int> active_ = 0, connections_ = 0;
  std::thread thread_;
};

HttpServer::HttpServer(const HttpOptions& options, HttpCalls calls)
    : impl_(std::make_unique<Impl>(options, std::move(calls))) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const {
  return impl_->port();
}
void HttpServer::stop_accepting() {
  impl_->stop_accepting();
}
int HttpServer::active() const {
  return impl_->active();
}
int HttpServer::connections() const {
  return impl_->connections();
}

}  // namespace parley::server
