// A GGUF file's metadata by key: values are decoded when they are asked for.
#include <algorithm>

#include "nn/files/gguf.hpp"
#include "nn/files/gguf_format.hpp"

namespace parley::nn {
namespace {

std::optional<std::int64_t> as_integer(std::uint32_t type, const std::byte* at) {
  const auto load = [at]<typename T>(T value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (type) {
    case kGgufU8:
      return load(std::uint8_t{});
    case kGgufI8:
      return load(std::int8_t{});
    case kGgufU16:
      return load(std::uint16_t{});
    case kGgufI16:
      return load(std::int16_t{});
    case kGgufU32:
      return load(std::uint32_t{});
    case kGgufI32:
      return load(std::int32_t{});
    case kGgufU64: {
      const auto value = load(std::uint64_t{});
      if (value > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    case kGgufI64:
      return load(std::int64_t{});
    default:
      return std::nullopt;
  }
}

std::optional<double> as_number(std::uint32_t type, const std::byte* at) {
  if (type == kGgufF32) {
    float value;
    std::memcpy(&value, at, 4);
    return value;
  }
  if (type == kGgufF64) {
    double value;
    std::memcpy(&value, at, 8);
    return value;
  }
  const auto integer = as_integer(type, at);
  return integer ? std::optional<double>(static_cast<double>(*integer)) : std::nullopt;
}

}  // namespace

const GgufFile::Value* GgufFile::value(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

const GgufFile::Value* GgufFile::list(std::string_view key) const {
  const Value* found = value(key);
  if (found && found->type != kGgufList) wrong_type(key, "a list");
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
  return found && found->type == kGgufList;
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
  if (found->type != kGgufBool) wrong_type(key, "true or false");
  return found->bytes[0] != std::byte{0};
}

std::optional<std::string> GgufFile::text(std::string_view key) const {
  const Value* found = value(key);
  if (!found) return std::nullopt;
  if (found->type != kGgufText) wrong_type(key, "a text");
  return std::string(reinterpret_cast<const char*>(found->bytes.data()), found->bytes.size());
}

std::optional<std::vector<std::string_view>> GgufFile::texts(std::string_view key) const {
  const Value* found = list(key);
  if (!found) return std::nullopt;
  if (found->item != kGgufText) wrong_type(key, "a list of texts");
  GgufCursor at(found->bytes, where_);
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
    // Text and lists, which have no size, are no integers either; flags count as 0 and 1.
    const std::uint32_t item = found->item == kGgufBool ? kGgufU8 : found->item;
    const auto integer = as_integer(item, found->bytes.data() + i * kGgufBytes[item]);
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
    const auto number = as_number(found->item, found->bytes.data() + i * kGgufBytes[found->item]);
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
