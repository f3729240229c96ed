// For tests: a blocking HTTP client over a real socket that can also misbehave.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace parley::server {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  bool complete = false;  // ended as its framing promised
  Json json() const { return Json::parse(body); }
};

struct Event {
  std::string name;
  Json data;
};

class TestClient {
 public:
  explicit TestClient(int port, int receive_buffer = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close();
      throw std::runtime_error("cannot connect");
    }
  }
  ~TestClient() { close(); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  // False when the server has closed its end.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  void send_request(const std::string& method, const std::string& path,
                    const std::string& body = {},
                    const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    std::string text = method + " " + path + " HTTP/1.1\r\n";
    bool has_host = false;
    for (const auto& [name, value] : headers) {
      text += name + ": " + value + "\r\n";
      has_host |= name == "Host";
    }
    if (!has_host) text += "Host: localhost\r\n";
    if (!cookie.empty()) text += "Cookie: parley_participant=" + cookie + "\r\n";
    if (!body.empty() || method == "POST")
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    send(text + "\r\n" + body);
  }
  Reply request(const std::string& method, const std::string& path, const std::string& body = {},
                const std::vector<std::pair<std::string, std::string>>& headers = {}) {
    send_request(method, path, body, headers);
    return read_reply(method == "HEAD");
  }

  Reply read_reply(bool head_only = false) {
    Reply reply = read_head();
    if (head_only || reply.status == 204 || reply.status == 304) {
      reply.complete = true;
    } else if (reply.headers.count("transfer-encoding")) {
      std::string chunk;
      while (read_chunk(chunk)) {
        if (chunk.empty()) {
          reply.complete = true;
          break;
        }
        reply.body += chunk;
      }
    } else if (reply.headers.count("content-length")) {
      const std::size_t size = std::stoul(reply.headers["content-length"]);
      while (buffer_.size() < size && fill()) {
      }
      reply.complete = buffer_.size() >= size;
      reply.body = buffer_.substr(0, size);
      buffer_.erase(0, size);
    } else {
      while (fill()) {
      }
      reply.body = std::exchange(buffer_, {});
    }
    if (const auto set = reply.headers.find("set-cookie"); set != reply.headers.end()) {
      const auto start = set->second.find('=') + 1;
      cookie = set->second.substr(start, set->second.find(';') - start);
    }
    return reply;
  }
  Reply read_head() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!fill()) return {};
    }
    Reply reply;
    std::string head = buffer_.substr(0, buffer_.find("\r\n\r\n") + 2);
    buffer_.erase(0, head.size() + 2);
    reply.status = std::stoi(head.substr(9, 3));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const auto end = head.find("\r\n", at), colon = head.find(": ", at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      reply.headers[name] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
    return reply;
  }
  // One chunk of a chunked body; empty at the end. False when the connection ended before.
  bool read_chunk(std::string& chunk) {
    while (buffer_.find("\r\n") == std::string::npos) {
      if (!fill()) return false;
    }
    const std::size_t size = std::stoul(buffer_, nullptr, 16);
    buffer_.erase(0, buffer_.find("\r\n") + 2);
    while (buffer_.size() < size + 2) {
      if (!fill()) return false;
    }
    chunk = buffer_.substr(0, size);
    buffer_.erase(0, size + 2);
    return true;
  }
  // Waits up to ten seconds for more bytes. False at the end.
  bool fill() {
    pollfd poller{fd_, POLLIN, 0};
    if (::poll(&poller, 1, 10'000) <= 0) return false;
    char bytes[16384];
    const ssize_t n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  std::string cookie;

 private:
  int fd_ = -1;
  std::string buffer_;
};

// The events of a text/event-stream body; comments are dropped, "[DONE]" has null data.
inline std::vector<Event> events_of(const std::string& body) {
  std::vector<Event> events;
  for (std::size_t at = 0; at < body.size();) {
    const auto end = body.find("\n\n", at);
    Event event;
    std::string block = body.substr(at, end - at) + "\n";
    bool has_data = false;
    for (std::size_t line = 0; line < block.size();) {
      const auto stop = block.find('\n', line);
      const std::string text = block.substr(line, stop - line);
      if (text.starts_with("event: ")) event.name = text.substr(7);
      if (text.starts_with("data: ")) {
        has_data = true;
        if (text != "data: [DONE]") event.data = Json::parse(text.substr(6));
      }
      line = stop + 1;
    }
    if (has_data) events.push_back(std::move(event));
    if (end == std::string::npos) break;
    at = end + 2;
  }
  return events;
}

}  // namespace parley::server
