#include "nn/files/packed_file.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/thread_team.hpp"
#include "nn/files/packed_config.hpp"
#include "nn/files/packed_header.hpp"
#include "nn/files/packed_parts.hpp"

namespace parley::nn {
namespace {

std::uint64_t rounded(int n, int to) {
  return (static_cast<std::uint64_t>(n) + static_cast<std::uint64_t>(to) - 1) /
         static_cast<std::uint64_t>(to) * static_cast<std::uint64_t>(to);
}

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::string text_of(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value && value->is_string() ? value->get<std::string>() : std::string();
}

// Fills a model's parts from the sections of their names.
struct PartReader {
  const std::map<std::string, PackedSection>& sections;
  const std::string& where;
  Precision precision;

  [[noreturn]] void bad(const std::string& name, const char* why) const {
    fail(ErrorKind::kInvalidInput, where + ": section " + name + why, "pack the model again");
  }
  std::span<const std::byte> bytes(const std::string& name, std::uint64_t expected) const {
    const auto found = sections.find(name);
    if (found == sections.end()) bad(name, " is missing");
    if (found->second.bytes.size() != expected) bad(name, " does not fit the configuration");
    return found->second.bytes;
  }
  void floats(const std::string& name, AlignedArray<float>& out, int count) const {
    const auto from = bytes(name, std::uint64_t{sizeof(float)} * static_cast<unsigned>(count));
    out = AlignedArray<float>(static_cast<std::size_t>(count));
    std::memcpy(out.data(), from.data(), from.size());
  }
  void linear(const std::string& name, PackedLinear& out, LinearShape shape) const {
    const std::string w = name + ".w", scale = name + ".scale";
    const auto found = sections.find(w);
    if (found == sections.end()) bad(w, " is missing");
    // In 64 bits before sizes are computed in the machine's: half a byte a weight at least.
    if (rounded(shape.n, kTile) * rounded(shape.k, 1) / 2 > found->second.bytes.size())
      bad(w, " does not fit the configuration");
    const auto codes = bytes(w, PackedLinear::w_bytes(precision, shape.n, shape.k));
    out = PackedLinear::view(precision, shape.n, shape.k, codes,
                             bytes(scale, PackedLinear::scale_bytes(precision, shape.n, shape.k)));
  }
};

}  // namespace

std::string packed_address(const Json& config, const std::string& precision, const Json& tables,
                           const std::map<std::string, std::string>& section_hashes) {
  const Json all = {{"config", config},
                    {"precision", precision},
                    {"tables", tables},
                    {"sections", section_hashes},
                    {"version", kPackedVersion}};
  return sha256_hex(canonical_text(all));
}

void PackedFile::bad(const std::string& why) const {
  fail(ErrorKind::kInvalidInput, where_ + ": " + why,
       "the file is damaged or another version's; pack the model again");
}

PackedFile::PackedFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                       std::string where)
    : bytes_(bytes), owner_(std::move(owner)), where_(std::move(where)) {
  PackedStart start;
  if (bytes_.size() < sizeof start) bad("is too short for a packed model");
  std::memcpy(&start, bytes_.data(), sizeof start);
  if (std::memcmp(start.magic, kPackedMagic, sizeof kPackedMagic) != 0)
    bad("is not a packed model");
  if (start.version != kPackedVersion) {
    bad("has version " + std::to_string(start.version) + ", expected " +
        std::to_string(kPackedVersion));
  }
  if (start.file_bytes != bytes_.size()) {
    bad("has " + std::to_string(bytes_.size()) + " bytes, its header says " +
        std::to_string(start.file_bytes));
  }
  const std::uint64_t end = sizeof start + std::uint64_t{start.header_bytes};
  if (start.header_bytes > kMaxPackedHeader || end > start.data_start ||
      start.data_start > start.file_bytes || start.data_start % kPackedPage != 0)
    bad("has a header that does not fit");
  const auto* text = reinterpret_cast<const char*>(bytes_.data()) + sizeof start;
  const std::string_view header(text, start.header_bytes);
  header_hash_ = sha256_hex(header);
  Digest claimed;
  std::memcpy(claimed.data(), start.header_sha256, claimed.size());
  if (header_hash_ != to_hex(claimed)) bad("has a header without its SHA-256");
  data_ = bytes_.subspan(static_cast<std::size_t>(start.data_start));
  read_header(header);
}

void PackedFile::read_header(std::string_view text) {
  const Json header = parse_json(text, where_);
  const auto listed = [&](const char* name, std::map<std::string, PackedSection>& out) {
    const Json* list = member(header, name);
    if (!list || !list->is_array()) bad(std::string("has no list of ") + name);
    for (const Json& entry : *list) {
      const std::string section = text_of(entry, "name");
      const Json* offset = member(entry, "offset");
      const Json* size = member(entry, "bytes");
      if (!offset || !offset->is_number_unsigned() || !size || !size->is_number_unsigned())
        bad("has a section without a place: " + section);
      const auto at = offset->get<std::uint64_t>(), count = size->get<std::uint64_t>();
      if (at % kPackedAlign != 0 || at > data_.size() || count > data_.size() - at)
        bad("has a section outside the file: " + section);
      const PackedSection place{
          data_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count)),
          text_of(entry, "sha256")};
      if (!out.emplace(section, place).second) bad("has a section twice: " + section);
    }
  };
  const Json* config = member(header, "config");
  if (!config) bad("has no configuration");
  config_ = parse_packed_config(*config, where_);
  const std::string precision = text_of(header, "precision");
  const auto known = precision_named(precision);
  if (!known) bad("has an unknown precision: " + precision);
  precision_ = *known;
  source_ = text_of(header, "source");
  if (const Json* n = member(header, "parameters"); n && n->is_number_unsigned())
    parameters_ = n->get<std::int64_t>();
  const Json* tables = member(header, "tables");
  if (!tables) bad("does not say how its tables are stored");
  embedding_dtype_ = text_of(*tables, "embedding");
  positions_dtype_ = text_of(*tables, "positions");
  listed("sections", sections_);
  listed("files", files_);
  std::map<std::string, std::string> hashes;
  for (const auto& [name, section] : sections_) hashes[name] = section.sha256;
  address_ = packed_address(*config, precision, *tables, hashes);
}

TensorView PackedFile::table(const std::string& name, const std::string& dtype, int rows) const {
  TensorView view;
  view.name = name;
  bool known = false;
  for (int i = 0; i <= static_cast<int>(DType::kIQ4_XS); ++i) {
    if (dtype != dtype_name(static_cast<DType>(i))) continue;
    view.dtype = static_cast<DType>(i);
    known = true;
  }
  if (!known || config_.width % dtype_block(view.dtype) != 0)
    bad("stores " + name + " in a way that is not known: " + dtype);
  view.shape = {rows, config_.width};
  const std::uint64_t blocks = static_cast<std::uint64_t>(rows) *
                               static_cast<unsigned>(config_.width / dtype_block(view.dtype));
  const PartReader reader{sections_, where_, precision_};
  view.bytes = reader.bytes(name, blocks * dtype_block_bytes(view.dtype));
  return view;
}

void PackedFile::verify(int threads) const {
  std::vector<const std::pair<const std::string, PackedSection>*> all;
  for (const auto* map : {&sections_, &files_}) {
    for (const auto& each : *map) all.push_back(&each);
  }
  std::atomic<std::size_t> next{0};  // sections differ in size by a factor of thousands
  parallel_for(static_cast<int>(all.size()), threads, [&](int, int) {
    for (std::size_t i = next++; i < all.size(); i = next++) {
      const auto& [name, section] = *all[i];
      const auto* text = reinterpret_cast<const char*>(section.bytes.data());
      if (sha256_hex({text, section.bytes.size()}) != section.sha256)
        bad("section " + name + " does not have its SHA-256");
    }
  });
}

std::unique_ptr<Model> PackedFile::model(int context) const {
  std::unique_ptr<Model> model(new Model);
  const ModelConfig& c = config_;
  model->config_ = c;
  model->precision_ = precision_;
  model->parameters_ = parameters_;
  model->context_ = context > 0 ? std::min(context, c.context) : c.context;
  model->source_hash_ = source_;
  model->address_ = address_;
  model->layers_.resize(static_cast<std::size_t>(c.layers));
  for (int i = 0; i < c.layers; ++i) model->layers_[static_cast<std::size_t>(i)].kind = c.kind(i);
  PartReader reader{sections_, where_, precision_};
  visit_parts(c, model->layers_, model->final_norm_, model->head_, reader);
  TensorList tables;
  tables.tensors.push_back(table("embedding", embedding_dtype_, c.vocabulary));
  if (c.learned_positions)
    tables.tensors.push_back(table("positions", positions_dtype_, c.context));
  model->source_ = make_weight_source(where_, std::move(tables), {owner_});
  model->embedding_ = model->source_->find("embedding");
  model->positions_ = model->source_->find("positions");
  model->rope_ = make_rope(c, false, model->context_);
  model->local_rope_ = make_rope(c, true, model->context_);
  return model;
}

}  // namespace parley::nn
