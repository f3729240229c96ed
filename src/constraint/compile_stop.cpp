#include "constraint/compile_stop.hpp"

#include <utility>

#include "base/error.hpp"

namespace parley::engine {
namespace {
thread_local const std::atomic<bool>* current = nullptr;
}  // namespace

CompileStop::CompileStop(const std::atomic<bool>& flag) : outer_(std::exchange(current, &flag)) {}

CompileStop::~CompileStop() {
  current = outer_;
}

void CompileStop::poll() {
  if (current != nullptr && current->load(std::memory_order_relaxed))
    fail(ErrorKind::kUnavailable, "nobody waits for this constraint any more");
}

}  // namespace parley::engine
