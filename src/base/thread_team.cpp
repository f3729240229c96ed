#include "base/thread_team.hpp"

#if defined(__wasm__)

namespace parley {

struct ThreadTeam::Threads {};
ThreadTeam::ThreadTeam(int) : members_(1) {}
ThreadTeam::~ThreadTeam() = default;
void ThreadTeam::run(const std::function<void(int)>& work) {
  work(0);
}
void ThreadTeam::barrier() {}

void parallel_for(int items, int, const std::function<void(int, int)>& work) {
  work(0, items);
}

}  // namespace parley

#else

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cpu.hpp"

namespace parley {

struct ThreadTeam::Threads {
  std::vector<std::thread> all;
};

namespace {

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Waits until `value` differs from `old`. A phase of a small model takes microseconds, a sleep in
// the kernel several more: about 20 µs of spinning (4,000 × 5 ns) bridges the first without burning
// a core when the work has ended.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < 4000; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(int members)
    : members_(std::max(members, 1)), threads_(std::make_unique<Threads>()) {
  for (int i = 1; i < members_; ++i) threads_->all.emplace_back([this, i] { loop(i); });
}

ThreadTeam::~ThreadTeam() {
  stop_ = true;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_->all) thread.join();
}

void ThreadTeam::run(const std::function<void(int)>& work) {
  if (members_ == 1) {
    work(0);
    return;
  }
  work_ = &work;
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  work(0);
  barrier();
}

void ThreadTeam::barrier() {
  if (members_ == 1) return;
  const std::uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 ==
      static_cast<std::uint32_t>(members_)) {
    arrived_.store(0, std::memory_order_relaxed);
    taken_.store(0, std::memory_order_relaxed);
    phase_.fetch_add(1, std::memory_order_release);
    phase_.notify_all();
  } else {
    wait_for_change(phase_, phase);
  }
}

void ThreadTeam::loop(int member) {
  for (std::uint32_t seen = 0;;) {
    wait_for_change(round_, seen);
    ++seen;
    if (stop_) return;
    (*work_)(member);
    barrier();
  }
}

void parallel_for(int items, int threads, const std::function<void(int, int)>& work) {
  const int count = std::clamp(threads > 0 ? threads : usable_cpus(), 1, std::max(items, 1));
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&](int i) {
    try {
      work(static_cast<int>(static_cast<std::int64_t>(items) * i / count),
           static_cast<int>(static_cast<std::int64_t>(items) * (i + 1) / count));
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < count; ++i) others.emplace_back(run, i);
  run(0);
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace parley

#endif
