// One producer, several workers, one consumer: input is cut into items, the items are worked on in
// parallel, and the results are consumed in the order of production, whatever the number of
// workers. The total weight of items between producer and consumer is bounded, so memory is.
//
// Threads: `produce` runs on a thread of its own, `work` on worker threads, `consume` on the
// calling thread. Errors: the first exception in production order is rethrown to the caller after
// every thread has ended; later items are not consumed. So which error is reported does not depend
// on timing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace parley::data {

template <class In, class Out>
class OrderedPipeline {
 public:
  // Items in flight weigh at most `budget` together; a single heavier item travels alone.
  OrderedPipeline(int workers, std::size_t budget) : workers_(workers), budget_(budget) {}

  // push(item, weight) blocks while the budget is used up; it returns false when the run is over
  // (stop producing).
  using Push = std::function<bool(In&&, std::size_t)>;

  void run(const std::function<void(const Push&)>& produce,
           const std::function<Out(int worker, In&&)>& work,
           const std::function<void(Out&&)>& consume) {
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(workers_) + 1);
    threads.emplace_back([&] { run_producer(produce); });
    for (int i = 0; i < workers_; ++i)
      threads.emplace_back([this, &work, i] { run_worker(work, i); });
    std::exception_ptr error;
    try {
      run_consumer(consume);
    } catch (...) {
      error = std::current_exception();
    }
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads) thread.join();
    if (error) std::rethrow_exception(error);
  }

 private:
  struct Done {
    std::optional<Out> result;
    std::exception_ptr error;
    std::size_t weight = 0;
  };
  struct Waiting {
    std::uint64_t sequence;
    In item;
    std::size_t weight;
  };

  void run_producer(const std::function<void(const Push&)>& produce) {
    std::exception_ptr error;
    try {
      produce([this](In&& item, std::size_t weight) { return push(std::move(item), weight); });
    } catch (...) {
      error = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    if (error) done_[produced_++].error = error;
    finished_ = true;
    changed_.notify_all();
  }

  bool push(In&& item, std::size_t weight) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return stopped_ || in_flight_ == 0 || in_flight_ + weight <= budget_; });
    if (stopped_) return false;
    in_flight_ += weight;
    waiting_.push_back({produced_++, std::move(item), weight});
    changed_.notify_all();
    return true;
  }

  void run_worker(const std::function<Out(int, In&&)>& work, int worker) {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || finished_ || !waiting_.empty(); });
      if (stopped_ || waiting_.empty()) return;
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      Done done;
      done.weight = next.weight;
      try {
        done.result.emplace(work(worker, std::move(next.item)));
      } catch (...) {
        done.error = std::current_exception();
      }
      lock.lock();
      done_[next.sequence] = std::move(done);
      changed_.notify_all();
    }
  }

  void run_consumer(const std::function<void(Out&&)>& consume) {
    for (std::uint64_t sequence = 0;; ++sequence) {
      std::unique_lock lock(mutex_);
      changed_.wait(
          lock, [&] { return done_.count(sequence) != 0 || (finished_ && sequence == produced_); });
      const auto found = done_.find(sequence);
      if (found == done_.end()) return;
      Done done = std::move(found->second);
      done_.erase(found);
      lock.unlock();
      if (done.error) std::rethrow_exception(done.error);
      consume(std::move(*done.result));
      done.result.reset();
      lock.lock();
      in_flight_ -= done.weight;
      changed_.notify_all();
    }
  }

  const int workers_;
  const std::size_t budget_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::map<std::uint64_t, Done> done_;
  std::uint64_t produced_ = 0;
  std::size_t in_flight_ = 0;
  bool finished_ = false;  // the producer is
  bool stopped_ = false;   // the consumer is
};

}  // namespace parley::data
