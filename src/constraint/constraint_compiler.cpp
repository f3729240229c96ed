#include "constraint/constraint_compiler.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace {

struct Outcome {
  GrammarPtr grammar;
  std::optional<Error> error;
  const Error* problem() const { return error ? &*error : nullptr; }
};

struct Remembered {
  std::string key;
  Outcome outcome;
  std::size_t bytes;
};

Error given_up() {
  return {ErrorKind::kUnavailable, "the constraint was given up before it was compiled",
          "ask again"};
}

// Whoever speaks goes first. On Linux a thread has a niceness of its own.
void give_way() {
#if defined(__linux__)
  ::setpriority(PRIO_PROCESS, 0, 10);
#endif
}

Outcome outcome_of(const ConstraintSource& source, const std::atomic<bool>& stop) {
  const CompileStop scope(stop);
  try {
    return {source.compile(), std::nullopt};
  } catch (const Error& e) {
    return {nullptr, e};
  } catch (const std::exception& e) {
    return {nullptr, Error(ErrorKind::kInternal, std::string("internal error: ") + e.what(),
                           "please report this")};
  }
}

}  // namespace

struct ConstraintCompiler::Job {
  struct Wait {
    TicketPtr ticket;
    Then then;
  };
  ConstraintSource source;
  std::string client;  // of whom it was first asked for
  std::vector<Wait> waits;
  std::atomic<bool> stop = false;
};

struct ConstraintCompiler::State {
  using JobPtr = std::shared_ptr<Job>;

  explicit State(const Options& o) : options(o) {}

  // All of these under the mutex.
  const Remembered* find(const std::string& key);
  void remember(const std::string& key, const Outcome& outcome);
  bool is_full(const std::string& client) const;
  JobPtr take_next();
  void forget(const JobPtr& job);  // nobody joins it any more

  const Options options;
  std::mutex mutex;
  std::condition_variable ready;
  bool closing = false;
  std::map<std::string, JobPtr> jobs;  // waiting or running, by key; without those given up
  std::deque<JobPtr> waiting;
  std::vector<JobPtr> running;
  std::list<Remembered> remembered;                                    // used last first
  std::map<std::string_view, std::list<Remembered>::iterator> places;  // keys lie in the list
  Stats stats;
};

const Remembered* ConstraintCompiler::State::find(const std::string& key) {
  const auto place = places.find(key);
  if (place == places.end()) return nullptr;
  remembered.splice(remembered.begin(), remembered, place->second);
  return &remembered.front();
}

void ConstraintCompiler::State::remember(const std::string& key, const Outcome& outcome) {
  if (outcome.error && outcome.error->kind() != ErrorKind::kInvalidInput) return;
  const std::size_t size = outcome.grammar
                               ? outcome.grammar->bytes()
                               : outcome.error->message().size() + outcome.error->hint().size();
  const std::size_t bytes = key.size() + size + sizeof(Remembered);
  if (bytes > options.max_bytes || places.contains(key)) return;
  remembered.push_front({key, outcome, bytes});
  places.emplace(remembered.front().key, remembered.begin());
  stats.bytes += bytes;
  while (stats.bytes > options.max_bytes) {
    stats.bytes -= remembered.back().bytes;
    places.erase(remembered.back().key);
    remembered.pop_back();
  }
}

bool ConstraintCompiler::State::is_full(const std::string& client) const {
  const auto own = [&](const auto& list) {
    return std::ranges::count(list, client, [](const JobPtr& job) { return job->client; });
  };
  return own(waiting) + own(running) >= options.per_client ||
         waiting.size() + running.size() >= static_cast<std::size_t>(options.total);
}

ConstraintCompiler::State::JobPtr ConstraintCompiler::State::take_next() {
  auto next = std::ranges::find_if(waiting, [&](const JobPtr& job) {
    return std::ranges::none_of(running,
                                [&](const JobPtr& other) { return other->client == job->client; });
  });
  if (next == waiting.end()) next = waiting.begin();
  JobPtr job = *next;
  waiting.erase(next);
  running.push_back(job);
  return job;
}

void ConstraintCompiler::State::forget(const JobPtr& job) {
  const auto at = jobs.find(job->source.key);
  if (at != jobs.end() && at->second == job) jobs.erase(at);
}

void ConstraintCompiler::Ticket::cancel() {
  std::optional<Job::Wait> mine;
  {
    const std::lock_guard lock(state_->mutex);
    cancelled_ = true;
    const auto job = job_.lock();
    if (!job) return;
    const auto at = std::ranges::find(job->waits, this,
                                      [](const Job::Wait& wait) { return wait.ticket.get(); });
    if (at == job->waits.end()) return;
    mine = std::move(*at);
    job->waits.erase(at);
    if (job->waits.empty()) {
      job->stop = true;
      ++state_->stats.given_up;
      state_->forget(job);
      std::erase(state_->waiting, job);
    }
  }
  const Error error = given_up();
  mine->then(nullptr, &error);
}

ConstraintCompiler::ConstraintCompiler(const Options& options)
    : state_(std::make_shared<State>(options)) {
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(*state_); });
}

ConstraintCompiler::~ConstraintCompiler() {
  std::vector<Job::Wait> left;
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
    for (const auto& job : state_->waiting) {
      std::ranges::move(job->waits, std::back_inserter(left));
      job->waits.clear();
    }
    state_->waiting.clear();
    for (const auto& job : state_->running) job->stop = true;
  }
  state_->ready.notify_all();
  const Error error = given_up();
  for (const Job::Wait& wait : left) wait.then(nullptr, &error);
  for (std::thread& thread : threads_) thread.join();
}

void ConstraintCompiler::compile(ConstraintSource source, const std::string& client,
                                 const TicketPtr& ticket, Then then) {
  Outcome outcome;
  {
    const std::lock_guard lock(state_->mutex);
    if (ticket->cancelled_ || state_->closing) {
      outcome.error = given_up();
    } else if (const Remembered* found = state_->find(source.key)) {
      ++state_->stats.found;
      outcome = found->outcome;
    } else if (const auto at = state_->jobs.find(source.key); at != state_->jobs.end()) {
      ++state_->stats.joined;
      ticket->job_ = at->second;
      at->second->waits.push_back({ticket, std::move(then)});
      return;
    } else if (state_->is_full(client)) {
      ++state_->stats.refused;
      outcome.error =
          Error(ErrorKind::kUnavailable, "too many schemas and grammars wait to be compiled",
                "wait for their answers first; one that was compiled before is free");
    } else {
      const auto job = std::make_shared<Job>();
      ticket->job_ = job;
      job->source = std::move(source);
      job->client = client;
      job->waits.push_back({ticket, std::move(then)});
      state_->jobs.emplace(job->source.key, job);
      state_->waiting.push_back(job);
      state_->ready.notify_one();
      return;
    }
  }
  then(outcome.grammar, outcome.problem());
}

void ConstraintCompiler::run(State& state) {
  give_way();
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.ready.wait(lock, [&] { return state.closing || !state.waiting.empty(); });
    if (state.closing) return;
    const auto job = state.take_next();
    lock.unlock();
    const Outcome outcome = outcome_of(job->source, job->stop);
    lock.lock();
    std::erase(state.running, job);
    state.forget(job);
    state.remember(job->source.key, outcome);
    if (!job->stop) ++state.stats.compiled;
    const auto waits = std::exchange(job->waits, {});
    lock.unlock();
    for (const Job::Wait& wait : waits) wait.then(outcome.grammar, outcome.problem());
    lock.lock();
  }
}

ConstraintCompiler::Stats ConstraintCompiler::stats() const {
  const std::lock_guard lock(state_->mutex);
  Stats stats = state_->stats;
  stats.waiting = static_cast<int>(state_->waiting.size());
  stats.running = static_cast<int>(state_->running.size());
  return stats;
}

}  // namespace parley::engine
