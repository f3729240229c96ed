#include "base/sha256.hpp"

#include <openssl/evp.h>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
      fail(ErrorKind::kInternal, "OpenSSL cannot start SHA-256");
    }
  }
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(const void* data, std::size_t size) {
  EVP_DigestUpdate(state_->context, data, size);
}

std::string Sha256::hex() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context, digest, &length);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < length; ++i) {
    out += kDigits[digest[i] >> 4];
    out += kDigits[digest[i] & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view data) {
  Sha256 hash;
  hash.update(data);
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  MappedFile file(path);
  return sha256_hex(file.text());
}

void Manifest::add_file(const std::filesystem::path& folder, const std::string& relative) {
  const auto path = folder / relative;
  files[relative] = {{"bytes", std::filesystem::file_size(path)}, {"sha256", sha256_file(path)}};
}

std::string Manifest::address() const {
  const Json body = {{"kind", kind}, {"files", files}, {"parents", parents}, {"facts", facts}};
  return sha256_hex(to_text(body));
}

void Manifest::save(const std::filesystem::path& path) const {
  const Json body = {{"kind", kind},
                     {"address", address()},
                     {"files", files},
                     {"parents", parents},
                     {"facts", facts}};
  write_file_atomically(path, to_text(body, 2) + "\n");
}

Manifest Manifest::load(const std::filesystem::path& path) {
  const Json body = read_json_file(path, 16u << 20);
  Manifest manifest;
  try {
    manifest.kind = body.at("kind").get<std::string>();
    manifest.files = body.at("files");
    manifest.parents = body.at("parents");
    manifest.facts = body.at("facts");
    if (body.at("address").get<std::string>() != manifest.address()) {
      fail(ErrorKind::kInvalidInput,
           path.string() + ": the manifest does not match its own address",
           "it was edited or damaged; rebuild it");
    }
  } catch (const Json::exception& e) {
    fail(ErrorKind::kInvalidInput, path.string() + ": not a manifest: " + e.what(), "rebuild it");
  }
  return manifest;
}

}  // namespace parley
