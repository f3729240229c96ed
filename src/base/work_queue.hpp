// A few threads that run posted jobs in the order they were posted. Jobs may block briefly (the
// store, tokenizing); nothing that waits for the network or a model belongs here.
//
// Thread-safe. A job must not throw: an exception that leaves one ends the process, like one that
// leaves a thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace parley {

class WorkQueue {
 public:
  using Job = std::function<void()>;

  explicit WorkQueue(int threads);
  ~WorkQueue();  // runs what was posted, then joins
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  void post(Job job);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Job> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace parley
