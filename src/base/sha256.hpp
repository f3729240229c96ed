// SHA-256 (FIPS 180-4) through OpenSSL, and manifests: the content address of a dataset, model or
// release.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace parley {

using Digest = std::array<std::uint8_t, 32>;
std::string to_hex(const Digest& digest);  // 64 lower-case hex digits

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(const void* data, std::size_t size);
  void update(std::string_view text) { update(text.data(), text.size()); }
  Digest digest();  // the object may not be used afterwards, also after hex()
  std::string hex() { return to_hex(digest()); }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view data);
std::string sha256_file(const std::filesystem::path& path);

// A manifest names a folder's files with size and SHA-256, plus free `facts` (settings, seed) and
// `parents` (addresses of what it was made from). Its own address is the SHA-256 of its canonical
// JSON (sorted keys, no spaces).
struct Manifest {
  std::string kind;               // "dataset", "model", "release"
  Json files = Json::object();    // relative path -> {"bytes", "sha256"}
  Json parents = Json::object();  // role -> address
  Json facts = Json::object();

  void add_file(const std::filesystem::path& folder, const std::string& relative);
  std::string address() const;
  void save(const std::filesystem::path& path) const;  // atomically, with "address"
  // Errors: kInvalidInput, also for one that does not have its address.
  static Manifest load(const std::filesystem::path& path);
  static Manifest parse(std::string_view text, const std::string& where);
};

}  // namespace parley
