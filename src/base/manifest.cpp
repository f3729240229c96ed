// Manifests of folders: base/sha256.hpp.
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"

namespace parley {

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
  return sha256_hex(canonical_text(body));
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
  return parse(read_file(path, 16u << 20), path.string());
}

Manifest Manifest::parse(std::string_view text, const std::string& where) {
  const Json body = parse_json(text, where);
  Manifest manifest;
  try {
    manifest.kind = body.at("kind").get<std::string>();
    manifest.files = body.at("files");
    manifest.parents = body.at("parents");
    manifest.facts = body.at("facts");
    if (body.at("address").get<std::string>() != manifest.address()) {
      fail(ErrorKind::kInvalidInput, where + ": the manifest does not match its own address",
           "it was edited or damaged; rebuild it");
    }
  } catch (const Json::exception& e) {
    fail(ErrorKind::kInvalidInput, where + ": not a manifest: " + e.what(), "rebuild it");
  }
  return manifest;
}

}  // namespace parley
