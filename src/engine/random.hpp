// Counter-based random numbers: Philox 4×32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", 2011). The draw for a position depends on the seed and the position alone, so batching
// and restarts cannot change it.
#pragma once

#include <array>
#include <cstdint>

namespace parley::engine {

std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter_low,
                                    std::uint64_t counter_high);

// 24 random bits: the top ones of the first word.
std::uint32_t random_bits_at(std::uint64_t seed, std::uint64_t position);

}  // namespace parley::engine
