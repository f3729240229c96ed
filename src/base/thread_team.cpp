#include "base/thread_team.hpp"

#if defined(__wasm__)

namespace parley {

struct ThreadTeam::Threads {};
ThreadTeam::ThreadTeam(int) : members_(1), active_(1) {}
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
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cpu.hpp"

namespace parley {

// A member sleeps on a word of its own: one that is left out of a round is not woken by it.
struct ThreadTeam::Threads {
  struct alignas(64) Round {
    std::atomic<std::uint32_t> number{0};
  };
  explicit Threads(int members) : round(static_cast<std::size_t>(members)) {}
  std::vector<Round> round;
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
// a core when the work has ended. Returns the nanoseconds slept.
std::int64_t wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < 4000; ++i) {
    if (value.load(std::memory_order_acquire) != old) return 0;
    pause();
  }
  const auto from = std::chrono::steady_clock::now();
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - from).count();
}

}  // namespace

ThreadTeam::ThreadTeam(int members)
    : members_(std::max(members, 1)),
      active_(members_),
      threads_(std::make_unique<Threads>(members_)) {
  for (int i = 1; i < members_; ++i) threads_->all.emplace_back([this, i] { loop(i); });
}

ThreadTeam::~ThreadTeam() {
  stop_ = true;
  for (int i = 1; i < members_; ++i) start(i);
  for (std::thread& thread : threads_->all) thread.join();
}

void ThreadTeam::start(int member) {
  auto& number = threads_->round[static_cast<std::size_t>(member)].number;
  number.fetch_add(1, std::memory_order_release);
  number.notify_one();
}

void ThreadTeam::run(const std::function<void(int)>& work) {
  if (active_ == 1) {
    work(0);
    return;
  }
  work_ = &work;
  for (int i = 1; i < active_; ++i) start(i);
  work(0);
  barrier();
}

void ThreadTeam::barrier() {
  const auto active = static_cast<std::uint32_t>(active_);  // before arriving: then it may change
  if (active == 1) return;
  const std::uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == active) {
    arrived_.store(0, std::memory_order_relaxed);
    taken_.store(0, std::memory_order_relaxed);
    phase_.fetch_add(1, std::memory_order_release);
    phase_.notify_all();
  } else if (const std::int64_t slept = wait_for_change(phase_, phase)) {
    slept_ns_.fetch_add(slept, std::memory_order_relaxed);
  }
}

void ThreadTeam::loop(int member) {
  const auto& number = threads_->round[static_cast<std::size_t>(member)].number;
  for (std::uint32_t seen = 0;;) {
    wait_for_change(number, seen);
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
