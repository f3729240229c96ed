// GGUF files (versions 2 and 3, little endian): metadata by key, then tensors, in one file. The
// reader trusts nothing: every length, count, offset and size is checked against the file before it
// is used, and metadata stays in the mapped file until it is asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "nn/files/weight_source.hpp"

namespace parley::nn {

class GgufCursor;

// Thread-safe after construction.
class GgufFile {
 public:
  // Errors: kNotFound, kIo, kInvalidInput, kLimit; one part of a split model is refused.
  explicit GgufFile(const std::filesystem::path& path);
  // Checks a file already in memory; views point into `bytes`.
  GgufFile(std::span<const std::byte> bytes, std::string where);

  const std::string& where() const { return where_; }
  const std::string& architecture() const { return architecture_; }  // general.architecture
  int version() const { return version_; }

  // The value of a key, nothing when the file lacks it.
  // Errors: kInvalidInput naming the key when it is of another type.
  bool has(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;  // any integer type
  std::optional<double> number(std::string_view key) const;         // integer or float
  std::optional<bool> flag(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  // Texts point into the file.
  std::optional<std::vector<std::string_view>> texts(std::string_view key) const;
  // Flags count as 0 and 1.
  std::optional<std::vector<std::int64_t>> integers(std::string_view key) const;
  std::optional<std::vector<double>> numbers(std::string_view key) const;
  bool is_list(std::string_view key) const;
  std::vector<std::string> keys() const;  // sorted

  // Under the file's own names ("blk.0.attn_q.weight"), row order and shapes with rows first.
  const TensorList& tensors() const { return tensors_; }
  const TensorView* find(std::string_view name) const;  // null when absent or of a type not read

  // The metadata as a GGUF file of its own, which has no tensors.
  std::string without_tensors() const;

 private:
  struct Value {
    std::uint32_t type = 0;
    std::uint32_t item = 0;            // of a list
    std::uint64_t count = 0;           // of a list
    std::span<const std::byte> bytes;  // of a text: without its length
  };
  struct Entry;

  void parse(std::span<const std::byte> bytes);
  void read_metadata(GgufCursor& at, std::uint64_t count);
  void read_tensors(GgufCursor& at, std::uint64_t count);
  Value read_value(GgufCursor& at, std::uint32_t type, const std::string& key, int depth) const;
  const Value* value(std::string_view key) const;
  const Value* list(std::string_view key) const;
  [[noreturn]] void bad(const std::string& why) const;
  [[noreturn]] void wrong_type(std::string_view key, const char* expected) const;

  std::string where_;
  std::shared_ptr<const MappedFile> map_;
  std::string architecture_;
  int version_ = 0;
  std::span<const std::byte> metadata_;  // from the file's first byte on
  std::map<std::string, Value, std::less<>> values_;
  TensorList tensors_;  // by name
};

// The file's tensors under the names and in the row order of weight_source.hpp: queries and keys of
// the architectures that GGUF stores interleaved (llama, smollm3) are marked so. What has no such
// name (rope_freqs.weight: divisors of rotary frequencies) keeps its own.
// Errors: kInvalidInput.
std::unique_ptr<WeightSource> gguf_weights(std::shared_ptr<const GgufFile> file);

}  // namespace parley::nn
