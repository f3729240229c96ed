#include "nn/files/packed_writer.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/thread_team.hpp"
#include "nn/files/packed_config.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/packed_header.hpp"
#include "nn/files/packed_parts.hpp"

namespace parley::nn {
namespace {

std::uint64_t aligned(std::uint64_t at, std::uint64_t to) {
  return (at + to - 1) / to * to;
}

std::string sha256_of(std::span<const std::byte> bytes) {
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Json entry(const std::string& name, std::uint64_t offset, std::uint64_t bytes,
           const std::string& sha256) {
  return {{"name", name}, {"offset", offset}, {"bytes", bytes}, {"sha256", sha256}};
}

void fill_to(AtomicFile& file, std::uint64_t size) {
  static constexpr char kZeros[kPackedPage] = {};
  while (file.size() < size)
    file.write(kZeros, std::min<std::uint64_t>(size - file.size(), sizeof kZeros));
}

}  // namespace

struct PartCollector {
  std::vector<PackedWriter::Section>& sections;
  void floats(const std::string& name, const AlignedArray<float>& values, int count) const {
    const std::span<const float> all{values.data(), static_cast<std::size_t>(count)};
    sections.push_back({name, std::as_bytes(all), 0, {}});
  }
  void linear(const std::string& name, const PackedLinear& weights, LinearShape) const {
    sections.push_back({name + ".w", weights.w_data(), 0, {}});
    sections.push_back({name + ".scale", weights.scale_data(), 0, {}});
  }
};

PackedWriter::PackedWriter(const Model& model, int threads)
    : config_(packed_config(model.config())),
      tables_(Json::object()),
      precision_(model.precision()),
      parameters_(model.parameters()) {
  PartCollector collector{sections_};
  visit_parts(model.config(), model.layers(), model.final_norm(), model.head(), collector);
  const auto add_table = [&](const char* name, const TensorView* table) {
    if (!table) return;
    std::string dtype;
    sections_.push_back({name, as_stored(*table, dtype), 0, {}});
    tables_[name] = dtype;
  };
  add_table("embedding", model.embedding_table());
  add_table("positions", model.position_table());
  data_bytes_ = place(sections_, 0);
  std::atomic<std::size_t> next{0};
  parallel_for(static_cast<int>(sections_.size()), threads, [&](int, int) {
    for (std::size_t i = next++; i < sections_.size(); i = next++)
      sections_[i].sha256 = sha256_of(sections_[i].bytes);
  });
  std::map<std::string, std::string> hashes;
  for (const Section& section : sections_) hashes[section.name] = section.sha256;
  address_ = packed_address(config_, precision_name(precision_), tables_, hashes);
}

// Rows that lie in the file one after the other stay as they are, whatever their type; others are
// widened to float32, which is exact.
std::span<const std::byte> PackedWriter::as_stored(const TensorView& table, std::string& dtype) {
  if (!table.transposed && table.interleaved_heads == 0) {
    dtype = dtype_name(table.dtype);
    return table.bytes;
  }
  dtype = dtype_name(DType::kF32);
  const auto columns = static_cast<std::size_t>(table.columns());
  AlignedArray<float>& values =
      converted_.emplace_back(static_cast<std::size_t>(table.rows()) * columns);
  for (std::int64_t row = 0; row < table.rows(); ++row)
    table.read_row(row, values.data() + static_cast<std::size_t>(row) * columns);
  return std::as_bytes(std::span<const float>{values.data(), values.size()});
}

std::uint64_t PackedWriter::place(std::vector<Section>& sections, std::uint64_t from) {
  for (Section& section : sections) {
    const bool large = section.bytes.size() >= 16 * kPackedPage;
    section.offset = aligned(from, large ? kPackedPage : kPackedAlign);
    from = section.offset + section.bytes.size();
  }
  return from;
}

std::string PackedWriter::write(const std::filesystem::path& path, const std::string& source,
                                const std::map<std::string, std::string>& files) const {
  std::vector<Section> extra;
  for (const auto& [name, text] : files) {
    const auto bytes = std::as_bytes(std::span<const char>(text));
    extra.push_back({name, bytes, 0, sha256_of(bytes)});
  }
  const std::uint64_t end = place(extra, data_bytes_);
  Json header = {{"config", config_},     {"precision", precision_name(precision_)},
                 {"source", source},      {"parameters", parameters_},
                 {"tables", tables_},     {"sections", Json::array()},
                 {"files", Json::array()}};
  for (const Section& s : sections_)
    header["sections"].push_back(entry(s.name, s.offset, s.bytes.size(), s.sha256));
  for (const Section& s : extra)
    header["files"].push_back(entry(s.name, s.offset, s.bytes.size(), s.sha256));
  const std::string text = to_text(header);

  PackedStart start;
  std::memcpy(start.magic, kPackedMagic, sizeof kPackedMagic);
  start.version = kPackedVersion;
  start.header_bytes = static_cast<std::uint32_t>(text.size());
  start.data_start = aligned(sizeof start + text.size(), kPackedPage);
  start.file_bytes = start.data_start + end;
  Sha256 hash;
  hash.update(text);
  const Digest digest = hash.digest();
  std::memcpy(start.header_sha256, digest.data(), digest.size());

  AtomicFile file(path);
  file.write(&start, sizeof start);
  file.write(text);
  for (const auto* list : std::initializer_list<const std::vector<Section>*>{&sections_, &extra}) {
    for (const Section& section : *list) {
      fill_to(file, start.data_start + section.offset);
      file.write(section.bytes.data(), section.bytes.size());
    }
  }
  file.commit();
  return to_hex(digest);
}

}  // namespace parley::nn
