#include "nn/files/gguf.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.hpp"
#include "nn/files/gguf_format.hpp"

namespace parley::nn {
namespace {

// The format's own limits where it has some, and generous ones where it has none.
constexpr std::uint64_t kMaxKeys = 1u << 16, kMaxTensors = 1u << 20;
constexpr std::uint64_t kMaxKeyBytes = 65535, kMaxNameBytes = 1024;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr int kMaxNesting = 4;             // lists in lists
constexpr std::size_t kTensorCountAt = 8;  // after the magic and the version
constexpr std::uint64_t kDefaultAlignment = 32, kMaxAlignment = 1u << 20;

struct TensorType {
  std::uint32_t number;
  const char* name;
  std::optional<DType> dtype;  // of those that are read
};
constexpr TensorType kTensorTypes[] = {{0, "F32", DType::kF32},
                                       {1, "F16", DType::kF16},
                                       {2, "Q4_0", DType::kQ4_0},
                                       {3, "Q4_1", DType::kQ4_1},
                                       {6, "Q5_0", DType::kQ5_0},
                                       {7, "Q5_1", DType::kQ5_1},
                                       {8, "Q8_0", DType::kQ8_0},
                                       {9, "Q8_1", {}},
                                       {10, "Q2_K", DType::kQ2_K},
                                       {11, "Q3_K", DType::kQ3_K},
                                       {12, "Q4_K", DType::kQ4_K},
                                       {13, "Q5_K", DType::kQ5_K},
                                       {14, "Q6_K", DType::kQ6_K},
                                       {15, "Q8_K", {}},
                                       {16, "IQ2_XXS", {}},
                                       {17, "IQ2_XS", {}},
                                       {18, "IQ3_XXS", {}},
                                       {19, "IQ1_S", {}},
                                       {20, "IQ4_NL", DType::kIQ4_NL},
                                       {21, "IQ3_S", {}},
                                       {22, "IQ2_S", {}},
                                       {23, "IQ4_XS", DType::kIQ4_XS},
                                       {24, "I8", {}},
                                       {25, "I16", {}},
                                       {26, "I32", {}},
                                       {27, "I64", {}},
                                       {28, "F64", {}},
                                       {29, "IQ1_M", {}},
                                       {30, "BF16", DType::kBF16},
                                       {34, "TQ1_0", {}},
                                       {35, "TQ2_0", {}},
                                       {39, "MXFP4", {}}};

TensorType tensor_type(std::uint32_t number) {
  for (const TensorType& type : kTensorTypes) {
    if (type.number == number) return type;
  }
  return {number, nullptr, {}};
}

}  // namespace

// A tensor's entry before its offset can be checked.
struct GgufFile::Entry {
  std::string name;
  std::vector<std::int64_t> shape;  // rows first
  TensorType type;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

GgufFile::GgufFile(const std::filesystem::path& path)
    : where_(path.string()), map_(std::make_shared<const MappedFile>(path)) {
  parse(map_->bytes());
}

GgufFile::GgufFile(std::span<const std::byte> bytes, std::string where) : where_(std::move(where)) {
  parse(bytes);
}

void GgufFile::bad(const std::string& why) const {
  fail(ErrorKind::kInvalidInput, where_ + ": " + why,
       "the file is damaged or not GGUF; copy or convert the model again");
}

void GgufFile::parse(std::span<const std::byte> bytes) {
  static_assert(std::endian::native == std::endian::little);
  GgufCursor at(bytes, where_);
  if (bytes.size() < 24 || std::memcmp(bytes.data(), "GGUF", 4) != 0)
    bad("does not begin as a GGUF file");
  at.take(4, "the magic");
  const auto version = at.number<std::uint32_t>("the version");
  if (version != 2 && version != 3) {
    const bool swapped = version != 0 && (version & 0xFFFFu) == 0;
    fail(ErrorKind::kInvalidInput,
         where_ + (swapped ? std::string(": is a big-endian GGUF file")
                           : ": is of GGUF version " + std::to_string(version)),
         "supported: GGUF versions 2 and 3, little endian; convert the model again");
  }
  version_ = static_cast<int>(version);
  const auto tensors = at.number<std::uint64_t>("the number of tensors");
  const auto keys = at.number<std::uint64_t>("the number of keys");
  if (tensors > kMaxTensors || keys > kMaxKeys) {
    bad("claims " + std::to_string(tensors) + " tensors and " + std::to_string(keys) +
        " keys; at most " + std::to_string(kMaxTensors) + " and " + std::to_string(kMaxKeys));
  }
  read_metadata(at, keys);
  metadata_ = bytes.first(at.position());
  if (const std::int64_t parts = integer("split.count").value_or(0); parts > 1) {
    fail(ErrorKind::kInvalidInput,
         where_ + ": is part " + std::to_string(integer("split.no").value_or(0) + 1) + " of " +
             std::to_string(parts) + " of a split model",
         "merge the parts into one GGUF file first");
  }
  architecture_ = text("general.architecture").value_or("");
  read_tensors(at, tensors);
}

std::string GgufFile::without_tensors() const {
  std::string out(reinterpret_cast<const char*>(metadata_.data()), metadata_.size());
  std::memset(out.data() + kTensorCountAt, 0, sizeof(std::uint64_t));
  return out;
}

GgufFile::Value GgufFile::read_value(GgufCursor& at, std::uint32_t type, const std::string& key,
                                     int depth) const {
  Value value;
  value.type = type;
  if (type >= kGgufTypes)
    bad(key + " is of type " + std::to_string(type) + ", which does not exist");
  if (type == kGgufText) {
    value.bytes = at.take(at.number<std::uint64_t>(key), key);
    return value;
  }
  if (type != kGgufList) {
    value.bytes = at.take(kGgufBytes[type], key);
    return value;
  }
  if (depth >= kMaxNesting) bad(key + " has lists nested deeper than " + std::to_string(depth));
  value.item = at.number<std::uint32_t>(key);
  value.count = at.number<std::uint64_t>(key);
  if (value.item >= kGgufTypes)
    bad(key + " lists type " + std::to_string(value.item) + ", which does not exist");
  // A text has at least its length and a list its type and length: no count outruns the file.
  const std::uint64_t least = value.item == kGgufText   ? 8
                              : value.item == kGgufList ? 12
                                                        : kGgufBytes[value.item];
  if (value.count > at.left() / least)
    bad(key + " claims " + std::to_string(value.count) + " values, more than the file holds");
  if (kGgufBytes[value.item] > 0) {
    value.bytes = at.take(value.count * kGgufBytes[value.item], key);
    return value;
  }
  GgufCursor start = at;
  for (std::uint64_t i = 0; i < value.count; ++i) read_value(at, value.item, key, depth + 1);
  value.bytes = start.take(at.position() - start.position(), key);
  return value;
}

void GgufFile::read_metadata(GgufCursor& at, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string number = "key " + std::to_string(i + 1) + " of " + std::to_string(count);
    const std::string key(at.text(kMaxKeyBytes, number));
    if (key.empty()) bad(number + " has no name");
    const std::string what = "key " + key.substr(0, 100);
    const auto type = at.number<std::uint32_t>(what);
    if (!values_.emplace(key, read_value(at, type, what, 0)).second) bad(what + " is there twice");
  }
}

void GgufFile::read_tensors(GgufCursor& at, std::uint64_t count) {
  const std::int64_t alignment = integer("general.alignment").value_or(kDefaultAlignment);
  if (alignment < 1 || static_cast<std::uint64_t>(alignment) > kMaxAlignment ||
      !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    bad("general.alignment is " + std::to_string(alignment) + ", expected a power of two up to " +
        std::to_string(kMaxAlignment));
  }
  const auto align = static_cast<std::uint64_t>(alignment);
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string number = "tensor " + std::to_string(i + 1) + " of " + std::to_string(count);
    Entry entry;
    entry.name = at.text(kMaxNameBytes, number);
    if (entry.name.empty()) bad(number + " has no name");
    const std::string what = "tensor " + entry.name.substr(0, 100);
    const auto dimensions = at.number<std::uint32_t>(what);
    if (dimensions == 0 || dimensions > kMaxDimensions)
      bad(what + " has " + std::to_string(dimensions) + " dimensions, expected 1 to 4");
    std::uint64_t values = 1;
    for (std::uint32_t d = 0; d < dimensions; ++d) {
      const auto size = at.number<std::uint64_t>(what);
      // Each value of the densest type has more than a bit: no product passes 2^63.
      constexpr std::uint64_t kMost = std::uint64_t{1} << 48;
      if (size == 0 || size > kMost || values > kMost / size)
        bad(what + " has a dimension of " + std::to_string(size));
      values *= size;
      entry.shape.insert(entry.shape.begin(), static_cast<std::int64_t>(size));
    }
    entry.type = tensor_type(at.number<std::uint32_t>(what));
    entry.offset = at.number<std::uint64_t>(what);
    if (entry.offset % align != 0)
      bad(what + " is at offset " + std::to_string(entry.offset) + ", not a multiple of " +
          std::to_string(align));
    if (entry.type.dtype) {
      const auto block = static_cast<std::uint64_t>(dtype_block(*entry.type.dtype));
      if (static_cast<std::uint64_t>(entry.shape.back()) % block != 0) {
        bad(what + " has rows of " + std::to_string(entry.shape.back()) + " values; " +
            entry.type.name + " needs a multiple of " + std::to_string(block));
      }
      entry.bytes = values / block * dtype_block_bytes(*entry.type.dtype);
    }
    entries.push_back(std::move(entry));
  }
  // Without tensors there is nothing to align.
  if (!entries.empty()) at.take((align - at.position() % align) % align, "the padding");
  const auto data = at.take(at.left(), "the tensors");
  for (Entry& entry : entries) {
    const std::string what = "tensor " + entry.name.substr(0, 100);
    if (entry.offset > data.size() || entry.bytes > data.size() - entry.offset) {
      bad(what + " needs " + std::to_string(entry.bytes) + " bytes at offset " +
          std::to_string(entry.offset) + " of " + std::to_string(data.size()) +
          ": the file is truncated");
    }
    if (!entry.type.dtype) {
      tensors_.unreadable.push_back(
          {entry.name,
           entry.type.name ? entry.type.name : "number " + std::to_string(entry.type.number)});
      continue;
    }
    TensorView view;
    view.name = std::move(entry.name);
    view.dtype = *entry.type.dtype;
    view.shape = std::move(entry.shape);
    view.bytes = data.subspan(entry.offset, entry.bytes);
    tensors_.tensors.push_back(std::move(view));
  }
  auto& views = tensors_.tensors;
  std::sort(views.begin(), views.end(),
            [](const auto& a, const auto& b) { return a.bytes.data() < b.bytes.data(); });
  for (std::size_t i = 1; i < views.size(); ++i) {
    if (views[i - 1].bytes.data() + views[i - 1].bytes.size() > views[i].bytes.data())
      bad("tensors " + views[i - 1].name + " and " + views[i].name + " overlap");
  }
  std::sort(views.begin(), views.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace parley::nn
