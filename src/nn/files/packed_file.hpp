// A model after packing, in one file that is mapped and used as it lies: linear layers in the
// layout of packed_linear.hpp, norms and biases, the embedding as stored, and the files that make
// it deployable (tokenizer, chat template).
//
//   bytes 0 … 63   "parley" 0 0 | u32 version | u32 bytes of the header | u64 bytes of the file |
//                  u64 where the data starts | SHA-256 of the header, 32 bytes; little-endian
//   header         JSON: the configuration, the precision, and of every section its name, offset
//                  (from the data's start), size and SHA-256
//   data           sections, aligned to 64 bytes, large ones to 4,096
//
// The header is checked against its hash on opening; sections, whose hashes it names, by verify().
// Every offset and size is checked against the shape that the configuration gives: a hostile file
// is refused, or computes nonsense within its own bounds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "nn/model/model.hpp"

namespace parley::nn {

inline constexpr std::uint32_t kPackedVersion = 1;

struct PackedSection {
  std::span<const std::byte> bytes;
  std::string sha256;
};

// Thread-safe after construction.
class PackedFile {
 public:
  // `owner` keeps `bytes` in place; models made here share it. Errors: kInvalidInput "WHERE: …".
  PackedFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
             std::string where);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return precision_; }
  // SHA-256 over everything that computes: equal addresses give equal bits. The tokenizer and the
  // other files are not part of it.
  const std::string& address() const { return address_; }
  const std::string& source() const { return source_; }  // weights_hash() of what was packed
  // SHA-256 of the header, which names the hash of every section.
  const std::string& header_hash() const { return header_hash_; }
  const std::map<std::string, PackedSection>& files() const { return files_; }
  // Errors: kInvalidInput naming the first section whose bytes do not have their SHA-256.
  void verify(int threads) const;
  // A model over the file's bytes; `context` as in ModelOptions.
  std::unique_ptr<Model> model(int context) const;

 private:
  [[noreturn]] void bad(const std::string& why) const;
  void read_header(std::string_view text);
  TensorView table(const std::string& name, const std::string& dtype, int rows) const;

  std::span<const std::byte> bytes_, data_;
  std::shared_ptr<const void> owner_;
  std::string where_, address_, source_, header_hash_;
  ModelConfig config_;
  Precision precision_ = Precision::kInt8;
  std::int64_t parameters_ = 0;
  std::string embedding_dtype_, positions_dtype_;
  std::map<std::string, PackedSection> sections_, files_;
};

}  // namespace parley::nn
