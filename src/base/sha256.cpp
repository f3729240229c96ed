#include "base/sha256.hpp"

#include "base/error.hpp"
#if defined(PARLEY_PLAIN_SHA256)
#include "base/sha256_plain.hpp"
#else
#include <openssl/evp.h>
#endif

namespace parley {

#if defined(PARLEY_PLAIN_SHA256)

struct Sha256::State : PlainSha256 {};

void Sha256::update(const void* data, std::size_t size) {
  state_->update(data, size);
}
Digest Sha256::digest() {
  return state_->digest();
}

#else

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
      fail(ErrorKind::kInternal, "OpenSSL cannot start SHA-256");
    }
  }
  ~State() { EVP_MD_CTX_free(context); }
};

void Sha256::update(const void* data, std::size_t size) {
  EVP_DigestUpdate(state_->context, data, size);
}

Digest Sha256::digest() {
  Digest out;
  EVP_DigestFinal_ex(state_->context, out.data(), nullptr);
  return out;
}

#endif

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

std::string to_hex(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view data) {
  Sha256 hash;
  hash.update(data);
  return hash.hex();
}

}  // namespace parley
