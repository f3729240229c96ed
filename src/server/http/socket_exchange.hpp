// The two ends of an exchange: handlers answer on any thread, the connection's coroutine writes on
// the io thread. Private to http_server.cpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "server/http/http.hpp"

namespace parley::server {

// The exchange of one request on one socket. Shared state is guarded by the mutex; the connection's
// coroutine runs on the io thread, sleeps on a timer of its own, and looks at the state when it is
// woken. A handler may hold the exchange longer than the server lives: once gone or closed, nothing
// here touches the io_context any more.
class SocketExchange : public Exchange, public std::enable_shared_from_this<SocketExchange> {
 public:
  SocketExchange(boost::asio::io_context& io, std::size_t max_unsent)
      : io_(io), max_unsent_(max_unsent) {}

  void respond(Response response) override {
    const std::lock_guard lock(mutex_);
    if (head_ || over()) return;
    head_ = std::move(response);
    ended_ = true;
    wake();
  }
  void begin_stream(Response head) override {
    const std::lock_guard lock(mutex_);
    if (head_ || over()) return;
    head_ = std::move(head);
    streaming_ = true;
    wake();
  }
  bool write(std::string_view bytes) override {
    {
      const std::lock_guard lock(mutex_);
      if (over()) return false;
      if (unsent_.size() + bytes.size() <= max_unsent_) {
        unsent_ += bytes;
        wake();
        return true;
      }
    }
    set_gone();
    return false;
  }
  void end_stream() override {
    const std::lock_guard lock(mutex_);
    if (over()) return;
    ended_ = true;
    wake();
  }
  void abort() override { set_gone(); }
  void on_gone(std::function<void()> callback) override {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      if (!gone_) {
        on_gone_ = std::move(callback);
        return;
      }
    }
    callback();
  }

  void set_gone() {
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex_);
      if (over()) return;
      gone_ = true;
      callback.swap(on_gone_);
      wake();
    }
    if (callback) callback();
  }
  // The answer is complete: what the handler captured in its callback is let go.
  void close() {
    std::function<void()> callback;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    closed_ = true;
    callback.swap(on_gone_);
  }

  // For the connection's coroutine, on the io thread.
  struct State {
    bool gone = false, ready = false, streaming = false, ended = false;
    std::string bytes;
  };
  State take() {
    const std::lock_guard lock(mutex_);
    State state{gone_, head_.has_value(), streaming_, ended_, {}};
    state.bytes.swap(unsent_);
    return state;
  }
  const Response& head() const { return *head_; }  // REQUIRES: take().ready
  void set_timer(boost::asio::steady_timer* timer) { timer_ = timer; }

 private:
  bool over() const { return gone_ || closed_; }
  // REQUIRES: the lock is held. The state changes before the post and the coroutine looks before it
  // sleeps, so no wake-up is lost.
  void wake() {
    if (wake_posted_) return;
    wake_posted_ = true;
    boost::asio::post(io_, [self = shared_from_this()] {
      {
        const std::lock_guard lock(self->mutex_);
        self->wake_posted_ = false;
      }
      if (self->timer_) self->timer_->cancel();
    });
  }

  boost::asio::io_context& io_;
  const std::size_t max_unsent_;
  boost::asio::steady_timer* timer_ = nullptr;  // the io thread's
  std::mutex mutex_;
  std::optional<Response> head_;
  std::string unsent_;
  bool streaming_ = false, ended_ = false, gone_ = false, closed_ = false, wake_posted_ = false;
  std::function<void()> on_gone_;
};

}  // namespace parley::server
