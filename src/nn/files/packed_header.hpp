// The first bytes of a packed file, and the address that its header implies: what reading and
// writing one share.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.hpp"

namespace parley::nn {

struct PackedStart {  // as it lies in the file, little-endian
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t file_bytes;
  std::uint64_t data_start;
  std::uint8_t header_sha256[32];
};
static_assert(sizeof(PackedStart) == 64);

inline constexpr char kPackedMagic[8] = {'p', 'a', 'r', 'l', 'e', 'y', '\0', '\0'};
inline constexpr std::uint32_t kMaxPackedHeader = 64u << 20;
inline constexpr std::uint64_t kPackedAlign = 64, kPackedPage = 4096;

// SHA-256 of the canonical JSON (sorted keys, no spaces) of the header's parts that compute:
// "config", "precision", "tables", and "sections" as names with their hashes.
std::string packed_address(const Json& config, const std::string& precision, const Json& tables,
                           const std::map<std::string, std::string>& section_hashes);

}  // namespace parley::nn
