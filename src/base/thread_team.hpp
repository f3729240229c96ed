// A fixed team of threads that run one function together and meet at barriers: the shape of a
// forward pass, where every phase is split over the threads and the next one needs all of the last.
//  1. run() is called from one thread at a time; that thread takes part as member 0.
//  2. Inside the function, every member that takes part must call barrier() the same number of
//     times; between two barriers at most one share_out() runs.
//  3. Waiting spins briefly, then sleeps in the kernel, so that a preempted or idle team does not
//     hold up other work.
// WebAssembly has no threads: there a team has one member, whatever it is asked for.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

class ThreadTeam {
 public:
  explicit ThreadTeam(int members);  // at least 1
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return members_; }
  // From the next run() on, only members 0 … count-1 take part; the others sleep.
  void use(int count) { active_ = std::clamp(count, 1, members_); }
  // Seconds that members slept at barriers, all together, since this was last asked.
  double take_slept() {
    return static_cast<double>(slept_ns_.exchange(0, std::memory_order_relaxed)) * 1e-9;
  }
  // Runs work(member) on every member and returns when all are done. `work` must not throw.
  void run(const std::function<void(int)>& work);
  void barrier();

  // Member's share of `items`: [first, second).
  std::pair<int, int> share(int items, int member) const {
    return {static_cast<int>(static_cast<std::int64_t>(items) * member / members_),
            static_cast<int>(static_cast<std::int64_t>(items) * (member + 1) / members_)};
  }

  // Splits [0, items) among the members that call this between two barriers: work(begin, end) runs
  // for pieces of at least `least` items. Pieces start large and shrink, and whoever is free takes
  // the next: a member whose processor is busy elsewhere holds the others up by one small piece.
  template <typename Work>
  void share_out(int items, int least, const Work& work) {
    if (active_ == 1) {
      if (items > 0) work(0, items);
      return;
    }
    int begin = taken_.load(std::memory_order_relaxed);
    while (begin < items) {
      // Half of what is left, divided among all: log2 pieces each, the last ones `least` long.
      const int left = items - begin;
      const int piece = std::min(left, std::max(least, left / (2 * active_)));
      if (!taken_.compare_exchange_weak(begin, begin + piece, std::memory_order_relaxed)) continue;
      work(begin, begin + piece);
      begin = taken_.load(std::memory_order_relaxed);
    }
  }

 private:
  struct Threads;
  void loop(int member);
  void start(int member);
  const int members_;
  int active_;  // changes between rounds only
  const std::function<void(int)>* work_ = nullptr;
  alignas(64) std::atomic<int> taken_{0};  // items of share_out() given away in this phase
  alignas(64) std::atomic<std::uint32_t> arrived_{0};  // members at the barrier
  std::atomic<std::uint32_t> phase_{0};                // a new value opens the barrier
  std::atomic<std::int64_t> slept_ns_{0};
  std::atomic<bool> stop_{false};
  std::unique_ptr<Threads> threads_;
};

// Splits [0, items) over up to `threads` new threads (0: usable_cpus()) and waits; for one-off work
// such as packing weights. The first exception is thrown again here.
void parallel_for(int items, int threads, const std::function<void(int begin, int end)>& work);

}  // namespace parley
