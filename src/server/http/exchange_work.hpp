// What an exchange still needs done, on the assistant's work threads. An Error becomes the answer,
// in the shape of the exchange's surface.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "base/work_queue.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// Thread-safe.
class ExchangeWork {
 public:
  using Job = std::function<void()>;
  using Resume = std::function<void(Job)>;

  explicit ExchangeWork(WorkQueue& queue) : queue_(queue) {}
  ~ExchangeWork() { wait(); }

  void post(const std::shared_ptr<Exchange>& exchange, Job job);
  // For what goes on when something else has come. What is returned takes the rest of the work: it
  // is called once, from any thread, in any case.
  Resume suspend(const std::shared_ptr<Exchange>& exchange);
  // Until all of it is done.
  void wait();

 private:
  void run(const std::shared_ptr<Exchange>& exchange, const Job& job);

  WorkQueue& queue_;
  std::mutex mutex_;
  std::condition_variable done_;
  int pending_ = 0;
};

}  // namespace parley::server
