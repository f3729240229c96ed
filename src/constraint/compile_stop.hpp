// Lets a compilation be given up from outside. Compiling may take seconds; whoever has no use for
// the result any more sets a flag, and what compiles looks at it wherever it works long. The flag
// belongs to the thread: as an argument it would go through every signature of two front ends.
#pragma once

#include <atomic>

namespace parley::engine {

class CompileStop {
 public:
  // Of what this thread compiles until the end of the scope. `flag` outlives it.
  explicit CompileStop(const std::atomic<bool>& flag);
  ~CompileStop();
  CompileStop(const CompileStop&) = delete;
  CompileStop& operator=(const CompileStop&) = delete;

  // Errors: kUnavailable once the flag is set. Outside a scope it does nothing.
  static void poll();

 private:
  const std::atomic<bool>* const outer_;
};

}  // namespace parley::engine
