// Carries a reply's updates from the model's thread to the coroutine of its turn, which resumes on
// the work queue. Updates that arrive while the coroutine is busy are handed over as one.
#pragma once

#include <coroutine>
#include <memory>
#include <mutex>
#include <optional>

#include "base/work_queue.hpp"
#include "engine/engine.hpp"

namespace parley::chat {

// Thread-safe for one push()er and one awaiter. Held by shared_ptr on both sides: push() may still
// be returning when the coroutine has already seen the last update and gone.
class UpdateQueue {
 public:
  explicit UpdateQueue(WorkQueue& work) : work_(work) {}

  void push(const engine::Update& update) {
    std::coroutine_handle<> waiter;
    {
      const std::lock_guard lock(mutex_);
      if (pending_) {
        // Counts and the end are the later one's; what an update adds is joined.
        engine::Update joined = std::move(*pending_);
        pending_ = update;
        const auto put_before = [](auto& later, auto&& earlier) {
          later.insert(later.begin(), earlier.begin(), earlier.end());
        };
        put_before(pending_->text, joined.text);
        put_before(pending_->tokens, joined.tokens);
        put_before(pending_->logprobs, joined.logprobs);
        put_before(pending_->prompt_logprobs, joined.prompt_logprobs);
        put_before(pending_->embedding, joined.embedding);
      } else {
        pending_ = update;
      }
      waiter = std::exchange(waiter_, nullptr);
    }
    if (waiter) work_.post([waiter] { waiter.resume(); });
  }

  // co_await queue.next() gives the next update.
  auto next() {
    struct Awaiter {
      UpdateQueue& queue;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<> handle) const {
        const std::lock_guard lock(queue.mutex_);
        if (queue.pending_) return false;
        queue.waiter_ = handle;
        return true;
      }
      engine::Update await_resume() const {
        const std::lock_guard lock(queue.mutex_);
        engine::Update update = std::move(*queue.pending_);
        queue.pending_.reset();
        return update;
      }
    };
    return Awaiter{*this};
  }

 private:
  WorkQueue& work_;
  std::mutex mutex_;
  std::optional<engine::Update> pending_;
  std::coroutine_handle<> waiter_;
};

}  // namespace parley::chat
