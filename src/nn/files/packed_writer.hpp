// Writes a model as a packed file (packed_file.hpp).
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "nn/model/model.hpp"

namespace parley::nn {

// What a model's packed file holds. Keeps spans into the model: it must outlive the writer, but may
// be moved meanwhile.
class PackedWriter {
 public:
  // Hashes every section, on `threads` threads (0: usable_cpus()).
  PackedWriter(const Model& model, int threads);
  const std::string& address() const { return address_; }  // PackedFile::address()
  std::uint64_t bytes() const { return data_bytes_; }      // of the file, within a few kilobytes
  // Writes the file atomically. `source`: PackedFile::source(); `files`: by name, as they are.
  // Returns the header's hash. Errors: kIo.
  std::string write(const std::filesystem::path& path, const std::string& source,
                    const std::map<std::string, std::string>& files) const;

 private:
  struct Section {
    std::string name;
    std::span<const std::byte> bytes;
    std::uint64_t offset = 0;
    std::string sha256;
  };
  friend struct PartCollector;
  std::span<const std::byte> as_stored(const TensorView& table, std::string& dtype);
  static std::uint64_t place(std::vector<Section>& sections, std::uint64_t from);

  Json config_, tables_;
  Precision precision_;
  std::int64_t parameters_;
  std::vector<Section> sections_;
  std::vector<AlignedArray<float>> converted_;
  std::uint64_t data_bytes_ = 0;
  std::string address_;
};

}  // namespace parley::nn
