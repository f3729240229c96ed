#include "machine_limits.hpp"

#include <immintrin.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "base/cpu.hpp"

namespace parley::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Runs work(thread) until `seconds` are over, on all threads at once; returns the sum of what they
// did per second.
template <typename Work>
double rate(int threads, double seconds, const Work& work) {
  std::atomic<int> ready{0};
  std::vector<double> done(static_cast<std::size_t>(threads));
  std::vector<std::thread> team;
  for (int t = 0; t < threads; ++t) {
    team.emplace_back([&, t] {
      work(t);  // warm
      ++ready;
      while (ready < threads) std::this_thread::yield();
      const auto start = Clock::now();
      double amount = 0, passed = 0;
      do {
        amount += work(t);
        passed = std::chrono::duration<double>(Clock::now() - start).count();
      } while (passed < seconds);
      done[static_cast<std::size_t>(t)] = amount / passed;
    });
  }
  for (auto& thread : team) thread.join();
  double sum = 0;
  for (const double d : done) sum += d;
  return sum;
}

__attribute__((target("avx2"))) double read_all(const std::uint8_t* data, std::size_t bytes) {
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  for (std::size_t i = 0; i < bytes; i += 128) {
    const auto* p = reinterpret_cast<const __m256i*>(data + i);
    a = _mm256_xor_si256(a, _mm256_load_si256(p));
    b = _mm256_xor_si256(b, _mm256_load_si256(p + 1));
    c = _mm256_xor_si256(c, _mm256_load_si256(p + 2));
    d = _mm256_xor_si256(d, _mm256_load_si256(p + 3));
  }
  const __m256i all = _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d));
  __asm__ volatile("" : : "x"(all));  // the reads must not be taken for useless
  return static_cast<double>(bytes);
}

constexpr int kRounds = 20'000;

__attribute__((target("avx512f,avx512bw,avx512vnni"))) double dots_vnni512(int) {
  __m512i acc[12];
  for (auto& a : acc) a = _mm512_setzero_si512();
  __m512i x = _mm512_set1_epi8(3), y = _mm512_set1_epi8(5);
  for (int i = 0; i < kRounds; ++i) {
    __asm__ volatile("" : "+v"(x), "+v"(y));
    for (auto& a : acc) a = _mm512_dpbusd_epi32(a, x, y);
  }
  for (auto& a : acc) __asm__ volatile("" : "+v"(a));
  return 2.0 * 64 * 12 * kRounds;
}

__attribute__((target("avx2"))) double dots_avx2(int) {
  __m256i acc[6];
  for (auto& a : acc) a = _mm256_setzero_si256();
  __m256i x = _mm256_set1_epi8(3), y = _mm256_set1_epi8(5);
  const __m256i ones = _mm256_set1_epi16(1);
  for (int i = 0; i < kRounds; ++i) {
    __asm__ volatile("" : "+v"(x), "+v"(y));
    for (auto& a : acc) {
      a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), ones));
      __asm__ volatile("" : "+v"(a));
    }
  }
  for (auto& a : acc) __asm__ volatile("" : "+v"(a));
  return 2.0 * 32 * 6 * kRounds;
}

}  // namespace

double memory_read_bandwidth(int threads, double seconds) {
  constexpr std::size_t kBytes = 256u << 20;  // per thread: eight times a large last-level cache
  static std::vector<std::unique_ptr<std::uint8_t, decltype(&std::free)>> buffers;
  while (static_cast<int>(buffers.size()) < threads) {
    buffers.emplace_back(static_cast<std::uint8_t*>(std::aligned_alloc(2u << 20, kBytes)),
                         &std::free);
    std::memset(buffers.back().get(), 1, kBytes);
  }
  return rate(threads, seconds,
              [&](int t) { return read_all(buffers[static_cast<std::size_t>(t)].get(), kBytes); });
}

double int8_peak(int threads, double seconds, const char** name) {
  const bool vnni = cpu_features().avx512_vnni;
  if (name) *name = vnni ? "vpdpbusd, 512 bits" : "vpmaddubsw, 256 bits";
  return rate(threads, seconds, vnni ? &dots_vnni512 : &dots_avx2);
}

}  // namespace parley::bench
