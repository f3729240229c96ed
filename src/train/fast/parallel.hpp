// Splits work over the threads of libgomp, the OpenMP runtime that torch itself runs on: a second
// pool beside it would have its spinning workers fight torch's for the same processors. clang
// cannot emit libgomp calls for `#pragma omp`, so its stable entry point is called directly.
#pragma once

#include <cstdint>

extern "C" void GOMP_parallel(void (*function)(void*), void* data, unsigned threads,
                              unsigned flags);
extern "C" int omp_get_thread_num(void);
extern "C" int omp_get_num_threads(void);

namespace parley::train {

int kernel_threads();

// Calls work(part, begin, end) for consecutive parts of [0, items), one a thread.
template <typename Work>
void parallel_parts(std::int64_t items, const Work& work) {
  struct Context {
    const Work* work;
    std::int64_t items;
  } context{&work, items};
  const auto threads = static_cast<unsigned>(kernel_threads());
  if (threads <= 1 || items <= 1) {
    work(0, std::int64_t{0}, items);
    return;
  }
  GOMP_parallel(
      [](void* data) {
        const auto* c = static_cast<const Context*>(data);
        const std::int64_t part = omp_get_thread_num(), parts = omp_get_num_threads();
        const std::int64_t begin = c->items * part / parts, end = c->items * (part + 1) / parts;
        if (begin < end) (*c->work)(static_cast<int>(part), begin, end);
      },
      &context, threads, 0);
}

}  // namespace parley::train
