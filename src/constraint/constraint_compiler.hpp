// Compiles constraints away from whoever asks, and remembers them. A schema can take seconds where
// a turn takes milliseconds of its threads, so this has threads of its own, which give way to those
// that speak. Thread-safe.
//
//   1. The same source asked for twice is compiled once: while it is being compiled the second
//      waits with the first; afterwards it is found, until others have taken its room.
//   2. A source that is no constraint is remembered as such, with its error.
//   3. No client fills the queue: each may have so many sources waiting and compiling, and a thread
//      that is free takes one of a client that has none running.
//   4. When all who waited for a source have gone, it is given up.
//   5. Every wait ends with exactly one call of `then`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "constraint/constraint_source.hpp"

namespace parley::engine {

class ConstraintCompiler {
  struct State;
  struct Job;

 public:
  struct Options {
    int threads = 2;
    std::size_t max_bytes = 64u << 20;  // of what is remembered, sources included
    int per_client = 16;                // sources that wait or are being compiled
    int total = 128;
  };
  // What a wait comes to: one of the two. It must not block.
  using Then = std::function<void(GrammarPtr grammar, const Error* error)>;

  // One wait, to be given up at any time and from any thread, also before it begins. It may outlive
  // the compiler.
  class Ticket {
   public:
    explicit Ticket(std::shared_ptr<State> state) : state_(std::move(state)) {}
    // `then` is called with kUnavailable, unless it was called already.
    void cancel();

   private:
    friend class ConstraintCompiler;
    const std::shared_ptr<State> state_;
    std::weak_ptr<Job> job_;  // these under the mutex of the state
    bool cancelled_ = false;
  };
  using TicketPtr = std::shared_ptr<Ticket>;

  ConstraintCompiler() : ConstraintCompiler(Options()) {}
  explicit ConstraintCompiler(const Options& options);
  ~ConstraintCompiler();  // gives up what is left
  ConstraintCompiler(const ConstraintCompiler&) = delete;
  ConstraintCompiler& operator=(const ConstraintCompiler&) = delete;

  TicketPtr ticket() const { return std::make_shared<Ticket>(state_); }
  // Calls `then` at once where the result is known, otherwise from one of its threads. Its errors:
  // those of the source; kUnavailable where the client, or all together, have too many waiting, and
  // when it was given up. REQUIRES: a ticket of this compiler, not used before.
  void compile(ConstraintSource source, const std::string& client, const TicketPtr& ticket,
               Then then);

  struct Stats {
    std::uint64_t compiled = 0, found = 0, joined = 0, given_up = 0, refused = 0;
    int waiting = 0, running = 0;  // sources
    std::size_t bytes = 0;         // remembered
  };
  Stats stats() const;

 private:
  static void run(State& state);

  std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace parley::engine
