// What this machine can do at most, measured: the yardstick of every figure of the engine bench.
#pragma once

#include <cstddef>

namespace parley::bench {

// Bytes per second read from memory by `threads` threads together, from buffers far larger than the
// caches.
double memory_read_bandwidth(int threads, double seconds);
// Multiply-adds count as two operations: per second, of the widest int8 dot product this processor
// has, from registers. `name`, when given, becomes the instruction's.
double int8_peak(int threads, double seconds, const char** name = nullptr);

}  // namespace parley::bench
