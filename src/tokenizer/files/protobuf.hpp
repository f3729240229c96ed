// Just enough of protocol buffers to read a file: the fields of a message, one after another.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::text {

// REQUIRES: the message outlives the reader and its fields.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  struct Field {
    std::uint64_t number = 0;
    Wire wire = Wire::kVarint;
    std::uint64_t value = 0;  // of all but kBytes
    std::string_view bytes;   // kBytes

    float as_float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value)); }
    std::int64_t as_int() const { return static_cast<std::int64_t>(value); }
  };

  // The next field; false at the end, and when the message is malformed (damaged() says which).
  bool next(Field& field) {
    if (rest_.empty() || damaged_) return false;
    std::uint64_t tag = 0;
    if (!varint(tag)) return false;
    field = {};
    field.number = tag >> 3;
    field.wire = static_cast<Wire>(tag & 7);
    switch (field.wire) {
      case Wire::kVarint:
        return varint(field.value);
      case Wire::kFixed64:
        return fixed(8, field.value);
      case Wire::kFixed32:
        return fixed(4, field.value);
      case Wire::kBytes: {
        std::uint64_t length = 0;
        if (!varint(length)) return false;
        if (length > rest_.size()) return damage();
        field.bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
      }
    }
    return damage();
  }
  bool damaged() const { return damaged_; }

 private:
  bool damage() {
    damaged_ = true;
    return false;
  }
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return damage();
  }
  bool fixed(std::size_t size, std::uint64_t& value) {
    if (rest_.size() < size) return damage();
    value = 0;
    std::memcpy(&value, rest_.data(), size);  // little-endian, as the file
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  bool damaged_ = false;
};
static_assert(std::endian::native == std::endian::little);

}  // namespace parley::text
