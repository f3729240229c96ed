#include "nn/files/gguf_test_support.hpp"

#include <cstring>
#include <fstream>

namespace parley::test {
namespace {

template <typename T>
std::string raw(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}
std::string raw_text(const std::string& text) {
  return raw<std::uint64_t>(text.size()) + text;
}
template <typename T>
std::string raw_list(std::uint32_t type, const std::vector<T>& values) {
  std::string out = raw(type) + raw<std::uint64_t>(values.size());
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>)
      out += raw_text(value);
    else
      out += raw(value);
  }
  return out;
}

}  // namespace

void GgufWriter::add_raw(const std::string& key, std::uint32_t type, const std::string& bytes) {
  metadata_ += raw_text(key) + raw(type) + bytes;
  ++keys_;
}
void GgufWriter::add_text(const std::string& key, const std::string& value) {
  add_raw(key, 8, raw_text(value));
}
void GgufWriter::add_u32(const std::string& key, std::uint32_t value) {
  add_raw(key, 4, raw(value));
}
void GgufWriter::add_f32(const std::string& key, float value) {
  add_raw(key, 6, raw(value));
}
void GgufWriter::add_flag(const std::string& key, bool value) {
  add_raw(key, 7, raw<std::uint8_t>(value));
}
void GgufWriter::add_texts(const std::string& key, const std::vector<std::string>& values) {
  add_raw(key, 9, raw_list(8, values));
}
void GgufWriter::add_i32s(const std::string& key, const std::vector<std::int32_t>& values) {
  add_raw(key, 9, raw_list(5, values));
}
void GgufWriter::add_f32s(const std::string& key, const std::vector<float>& values) {
  add_raw(key, 9, raw_list(6, values));
}

void GgufWriter::add_tensor(const std::string& name, nn::DType dtype,
                            std::vector<std::size_t> shape, std::span<const double> values) {
  add_tensor_bytes(name, gguf_type_number(dtype), std::move(shape), quantise(dtype, values));
}

void GgufWriter::add_tensor_bytes(const std::string& name, std::uint32_t type,
                                  std::vector<std::size_t> shape, std::string bytes) {
  tensors_.push_back({name, type, std::move(shape), std::move(bytes)});
}

std::string GgufWriter::bytes() const {
  std::string metadata = metadata_;
  std::uint64_t keys = keys_;
  if (alignment != 32) {
    metadata += raw_text("general.alignment") + raw<std::uint32_t>(4) + raw(alignment);
    ++keys;
  }
  std::string out =
      "GGUF" + raw(version) + raw<std::uint64_t>(tensors_.size()) + raw(keys) + metadata;
  const auto pad = [this](std::string& to) {
    while (to.size() % alignment != 0) to += '\0';
  };
  std::string data;
  for (const Tensor& tensor : tensors_) {
    out += raw_text(tensor.name) + raw(static_cast<std::uint32_t>(tensor.shape.size()));
    for (std::size_t i = tensor.shape.size(); i-- > 0;) out += raw<std::uint64_t>(tensor.shape[i]);
    out += raw(tensor.type) + raw<std::uint64_t>(data.size());
    data += tensor.bytes;
    pad(data);
  }
  pad(out);
  return out + data;
}

void GgufWriter::write(const std::filesystem::path& path) const {
  const std::string all = bytes();
  std::ofstream(path, std::ios::binary).write(all.data(), std::ssize(all));
}

}  // namespace parley::test
