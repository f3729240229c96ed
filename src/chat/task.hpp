// The coroutine that a stage is: lazy, awaited once; it gives what the stage says at its end, and
// its exception is rethrown where it is awaited.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace parley::chat {

// Whether the turn goes on to the next stage, or has its answer.
enum class Outcome { kNext, kAnswered };

class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(Handle handle) const noexcept;
    void await_resume() const noexcept {}
  };
  struct promise_type {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr error;
    Outcome outcome = Outcome::kNext;
    Task get_return_object() { return Task(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    FinalAwaiter final_suspend() const noexcept { return {}; }
    void return_value(Outcome value) noexcept { outcome = value; }
    void unhandled_exception() noexcept { error = std::current_exception(); }
  };

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  Outcome await_resume() const {
    if (handle_.promise().error) std::rethrow_exception(handle_.promise().error);
    return handle_.promise().outcome;
  }

 private:
  Handle handle_;
};

inline std::coroutine_handle<> Task::FinalAwaiter::await_suspend(Handle handle) const noexcept {
  return handle.promise().continuation;
}

// A coroutine nobody awaits: it starts at once and frees itself. It must not throw.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace parley::chat
