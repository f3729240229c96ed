#include "nn/gguf.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace parley::nn {
namespace {

// The format's own limits where it has some, and generous ones where it has none.
constexpr std::uint64_t kMaxKeys = 1u << 16, kMaxTensors = 1u << 20;
constexpr std::uint64_t kMaxKeyBytes = 65535, kMaxNameBytes = 1024;
constexpr std::uint32_t kMaxDimensions = 4;
constexpr int kMaxNesting = 4;  // lists in lists
constexpr std::uint64_t kDefaultAlignment = 32, kMaxAlignment = 1u << 20;

enum ValueType : std::uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kText,
  kList,
  kU64,
  kI64,
  kF64,
  kTypes
};
// Bytes of a value; 0: it says itself.
constexpr std::uint64_t kValueBytes[kTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

std::optional<std::int64_t> as_integer(std::uint32_t type, const std::byte* at) {
  const auto load = [at]<typename T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (type) {
    case kU8:
      return load(std::uint8_t{});
    case kI8:
      return load(std::int8_t{});
    case kU16:
      return load(std::uint16_t{});
    case kI16:
      return load(std::int16_t{});
    case kU32:
      return load(std::uint32_t{});
    case kI32:
      return load(std::int32_t{});
    case kU64: {
      const auto value = load(std::uint64_t{});
      if (value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    case kI64:
      return load(std::int64_t{});
    default:
      return std::nullopt;
  }
}

std::optional<double> as_number(std::uint32_t type, const std::byte* at) {
  if (type == kF32) {
    float value;
    std::memcpy(&value, at, 4);
    return value;
  }
  if (type == kF64) {
    double value;
    std::memcpy(&value, at, 8);
    return value;
  }
  const auto integer = as_integer(type, at);
  return integer ? std::optional<double>(static_cast<double>(*integer)) : std::nullopt;
}

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

// Reads on through the bytes; never past their end.
class GgufFile::Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const GgufFile& file) : bytes_(bytes), file_(file) {}
  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return bytes_.size() - position_; }

  std::span<const std::byte> take(std::uint64_t count, const std::string& what) {
    if (count > left())
      file_.bad("ends inside " + what + ", at byte " + std::to_string(bytes_.size()));
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  template <typename T>
  T number(const std::string& what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }
  std::string_view text(std::uint64_t limit, const std::string& what) {
    const auto length = number<std::uint64_t>(what);
    if (length > limit)
      file_.bad(what + " is " + std::to_string(length) + " bytes long, which is no name");
    const auto taken = take(length, what);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  const GgufFile& file_;
  std::uint64_t position_ = 0;
};

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
  Cursor at(bytes, *this);
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
  if (const std::int64_t parts = integer("split.count").value_or(0); parts > 1) {
    fail(ErrorKind::kInvalidInput,
         where_ + ": is part " + std::to_string(integer("split.no").value_or(0) + 1) + " of " +
             std::to_string(parts) + " of a split model",
         "merge the parts into one GGUF file first");
  }
  architecture_ = text("general.architecture").value_or("");
  read_tensors(at, tensors);
}

GgufFile::Value GgufFile::read_value(Cursor& at, std::uint32_t type, const std::string& key,
                                     int depth) const {
  Value value;
  value.type = type;
  if (type >= kTypes) bad(key + " is of type " + std::to_string(type) + ", which does not exist");
  if (type == kText) {
    value.bytes = at.take(at.number<std::uint64_t>(key), key);
    return value;
  }
  if (type != kList) {
    value.bytes = at.take(kValueBytes[type], key);
    return value;
  }
  if (depth >= kMaxNesting) bad(key + " has lists nested deeper than " + std::to_string(depth));
  value.item = at.number<std::uint32_t>(key);
  value.count = at.number<std::uint64_t>(key);
  if (value.item >= kTypes)
    bad(key + " lists type " + std::to_string(value.item) + ", which does not exist");
  // A text has at least its length and a list its type and length: no count outruns the file.
  const std::uint64_t least = value.item == kText   ? 8
                              : value.item == kList ? 12
                                                    : kValueBytes[value.item];
  if (value.count > at.left() / least)
    bad(key + " claims " + std::to_string(value.count) + " values, more than the file holds");
  if (kValueBytes[value.item] > 0) {
    value.bytes = at.take(value.count * kValueBytes[value.item], key);
    return value;
  }
  Cursor start = at;
  for (std::uint64_t i = 0; i < value.count; ++i) read_value(at, value.item, key, depth + 1);
  value.bytes = start.take(at.position() - start.position(), key);
  return value;
}

void GgufFile::read_metadata(Cursor& at, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string number = "key " + std::to_string(i + 1) + " of " + std::to_string(count);
    const std::string key(at.text(kMaxKeyBytes, number));
    if (key.empty()) bad(number + " has no name");
    const std::string what = "key " + key.substr(0, 100);
    const auto type = at.number<std::uint32_t>(what);
    if (!values_.emplace(key, read_value(at, type, what, 0)).second) bad(what + " is there twice");
  }
}

void GgufFile::read_tensors(Cursor& at, std::uint64_t count) {
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

const GgufFile::Value* GgufFile::value(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

const GgufFile::Value* GgufFile::list(std::string_view key) const {
  const Value* found = value(key);
  if (found && found->type != kList) wrong_type(key, "a list");
  return found;
}

void GgufFile::wrong_type(std::string_view key, const char* expected) const {
  bad("key " + std::string(key.substr(0, 100)) + " is not " + expected);
}

bool GgufFile::has(std::string_view key) const {
  return value(key) != nullptr;
}

bool GgufFile::is_list(std::string_view key) const {
  const Value* found = value(key);
  return found && found->type == kList;
}

std::vector<std::string> GgufFile::keys() const {
  std::vector<std::string> out;
  for (const auto& [key, value] : values_) out.push_back(key);
  return out;
}

std::optional<std::int64_t> GgufFile::integer(std::string_view key) const {
  const Value* found = value(key);
  if (!found) return std::nullopt;
  const auto integer = as_integer(found->type, found->bytes.data());
  if (!integer) wrong_type(key, "an integer");
  return integer;
}

std::optional<double> GgufFile::number(std::string_view key) const {
  const Value* found = value(key);
  if (!found) return std::nullopt;
  const auto number = as_number(found->type, found->bytes.data());
  if (!number) wrong_type(key, "a number");
  return number;
}

std::optional<bool> GgufFile::flag(std::string_view key) const {
  const Value* found = value(key);
  if (!found) return std::nullopt;
  if (found->type != kBool) wrong_type(key, "true or false");
  return found->bytes[0] != std::byte{0};
}

std::optional<std::string> GgufFile::text(std::string_view key) const {
  const Value* found = value(key);
  if (!found) return std::nullopt;
  if (found->type != kText) wrong_type(key, "a text");
  return std::string(reinterpret_cast<const char*>(found->bytes.data()), found->bytes.size());
}

std::optional<std::vector<std::string_view>> GgufFile::texts(std::string_view key) const {
  const Value* found = list(key);
  if (!found) return std::nullopt;
  if (found->item != kText) wrong_type(key, "a list of texts");
  Cursor at(found->bytes, *this);
  std::vector<std::string_view> out;
  out.reserve(found->count);
  for (std::uint64_t i = 0; i < found->count; ++i)
    out.push_back(at.text(found->bytes.size(), std::string(key)));
  return out;
}

std::optional<std::vector<std::int64_t>> GgufFile::integers(std::string_view key) const {
  const Value* found = list(key);
  if (!found) return std::nullopt;
  std::vector<std::int64_t> out;
  for (std::uint64_t i = 0; i < found->count; ++i) {
    const auto integer =
        found->item == kText || found->item == kList
            ? std::nullopt
            : as_integer(found->item, found->bytes.data() + i * kValueBytes[found->item]);
    if (!integer) wrong_type(key, "a list of integers");
    out.push_back(*integer);
  }
  return out;
}

std::optional<std::vector<double>> GgufFile::numbers(std::string_view key) const {
  const Value* found = list(key);
  if (!found) return std::nullopt;
  std::vector<double> out;
  for (std::uint64_t i = 0; i < found->count; ++i) {
    const auto number =
        found->item == kText || found->item == kList
            ? std::nullopt
            : as_number(found->item, found->bytes.data() + i * kValueBytes[found->item]);
    if (!number) wrong_type(key, "a list of numbers");
    out.push_back(*number);
  }
  return out;
}

const TensorView* GgufFile::find(std::string_view name) const {
  const auto& views = tensors_.tensors;
  const auto found =
      std::lower_bound(views.begin(), views.end(), name,
                       [](const TensorView& view, std::string_view n) { return view.name < n; });
  return found != views.end() && found->name == name ? &*found : nullptr;
}

}  // namespace parley::nn
