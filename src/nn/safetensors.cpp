#include "nn/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.hpp"
#include "base/json.hpp"

namespace parley::nn {
namespace {

constexpr std::uint64_t kMaxHeader = 100u << 20;

const char* dtype_name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "F32";
    case DType::kF16:
      return "F16";
    case DType::kBF16:
      return "BF16";
  }
  return "?";
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

}  // namespace

std::size_t dtype_size(DType dtype) {
  return dtype == DType::kF32 ? 4 : 2;
}

float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

float f16_to_float(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000u) << 16;
  const std::uint32_t exponent = (h >> 10) & 31u, fraction = h & 1023u;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 5.9604644775390625e-8f;  // 2^-24
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | (exponent + 112u) << 23 | fraction << 13);
}

std::uint16_t float_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u)
    return static_cast<std::uint16_t>(bits >> 16 | 0x40u);  // NaN stays NaN
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

std::int64_t TensorView::elements() const {
  return static_cast<std::int64_t>(bytes.size() / dtype_size(dtype));
}

void TensorView::read(std::int64_t from, std::int64_t count, float* out) const {
  const std::byte* at = bytes.data() + static_cast<std::size_t>(from) * dtype_size(dtype);
  if (dtype == DType::kF32) {
    std::memcpy(out, at, static_cast<std::size_t>(count) * 4);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, at + i * 2, 2);
    out[i] = dtype == DType::kBF16 ? bf16_to_float(bits) : f16_to_float(bits);
  }
}

SafetensorsReader::SafetensorsReader(const std::filesystem::path& path)
    : where_(path.string()), map_(std::make_unique<MappedFile>(path)) {
  parse(map_->bytes());
}

SafetensorsReader::SafetensorsReader(std::span<const std::byte> bytes, std::string where)
    : where_(std::move(where)) {
  parse(bytes);
}

void SafetensorsReader::parse(std::span<const std::byte> bytes) {
  const auto bad = [&](const std::string& why) {
    fail(ErrorKind::kInvalidInput, where_ + ": " + why,
         "the file is damaged or not safetensors; copy or train the model again");
  };
  if (bytes.size() < 8)
    bad("too short for a safetensors header (" + std::to_string(bytes.size()) + " bytes)");
  std::uint64_t header_size = 0;
  for (int i = 7; i >= 0; --i) header_size = header_size << 8 | static_cast<std::uint8_t>(bytes[i]);
  if (header_size > kMaxHeader || header_size > bytes.size() - 8) {
    bad("header of " + std::to_string(header_size) + " bytes does not fit the file of " +
        std::to_string(bytes.size()));
  }
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + 8, header_size);
  const auto body = bytes.subspan(8 + header_size);
  const Json root = parse_json(header, where_ + " header", 8);
  if (!root.is_object()) bad("the header is not a JSON object");
  for (const auto& [name, entry] : root.items()) {
    if (name == "__metadata__") continue;
    const std::string tensor = "tensor " + name.substr(0, 100);
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) {
      bad(tensor + " needs dtype, shape and data_offsets");
    }
    TensorView view;
    view.name = name;
    const std::string dtype = entry["dtype"].get<std::string>();
    if (dtype == "F32") {
      view.dtype = DType::kF32;
    } else if (dtype == "F16") {
      view.dtype = DType::kF16;
    } else if (dtype == "BF16") {
      view.dtype = DType::kBF16;
    } else {
      bad(tensor + " has dtype " + dtype.substr(0, 20) + "; supported: F32, F16, BF16");
    }
    std::uint64_t size = dtype_size(view.dtype);
    for (const Json& dimension : entry["shape"]) {
      if (!dimension.is_number_unsigned()) bad(tensor + " has a dimension that is not a count");
      const auto d = dimension.get<std::uint64_t>();
      if (d > 0 && size > body.size() / d)
        bad(tensor + " is larger than the file, which is truncated or damaged");
      size *= d;
      view.shape.push_back(static_cast<std::int64_t>(d));
    }
    if (!entry["data_offsets"][0].is_number_unsigned() ||
        !entry["data_offsets"][1].is_number_unsigned()) {
      bad(tensor + " has data_offsets that are not counts");
    }
    const auto begin = entry["data_offsets"][0].get<std::uint64_t>(),
               end = entry["data_offsets"][1].get<std::uint64_t>();
    if (begin > end || end > body.size()) {
      bad(tensor + " ends at byte " + std::to_string(end) + " of " + std::to_string(body.size()) +
          ": the file is truncated");
    }
    if (end - begin != size) {
      bad(tensor + " has " + std::to_string(end - begin) + " bytes, its shape " +
          shape_text(view.shape) + " of " + dtype_name(view.dtype) + " needs " +
          std::to_string(size));
    }
    view.bytes = body.subspan(begin, size);
    tensors_.push_back(std::move(view));
  }
  std::vector<const TensorView*> by_offset;
  for (const TensorView& view : tensors_) {
    if (!view.bytes.empty()) by_offset.push_back(&view);
  }
  std::sort(by_offset.begin(), by_offset.end(),
            [](auto* a, auto* b) { return a->bytes.data() < b->bytes.data(); });
  for (std::size_t i = 1; i < by_offset.size(); ++i) {
    if (by_offset[i - 1]->bytes.data() + by_offset[i - 1]->bytes.size() >
        by_offset[i]->bytes.data()) {
      bad("tensors " + by_offset[i - 1]->name + " and " + by_offset[i]->name + " overlap");
    }
  }
  std::sort(tensors_.begin(), tensors_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

const TensorView* SafetensorsReader::find(const std::string& name) const {
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const TensorView& view, const std::string& n) { return view.name < n; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

const TensorView& SafetensorsReader::require(const std::string& name,
                                             const std::vector<std::int64_t>& shape) const {
  const TensorView* view = find(name);
  if (!view) {
    fail(ErrorKind::kInvalidInput, where_ + ": tensor " + name + " is missing",
         "the weights do not belong to this config.json, or the architecture is not Llama");
  }
  if (view->shape != shape) {
    fail(ErrorKind::kInvalidInput,
         where_ + ": tensor " + name + " has shape " + shape_text(view->shape) +
             ", config.json says " + shape_text(shape),
         "the weights do not belong to this config.json");
  }
  return *view;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<TensorToWrite>& tensors) {
  OrderedJson header = OrderedJson::object();
  header["__metadata__"] = {{"format", "pt"}};
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> sizes;
  for (const TensorToWrite& tensor : tensors) {
    std::uint64_t size = dtype_size(tensor.dtype);
    for (const std::int64_t d : tensor.shape) size *= static_cast<std::uint64_t>(d);
    header[tensor.name] = {{"dtype", dtype_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + size}}};
    sizes.push_back(size);
    offset += size;
  }
  std::string text = to_text(header);
  while (text.size() % 8 != 0) text += ' ';
  AtomicFile file(path);
  std::uint8_t length[8];
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(text.size()) >> (8 * i));
  file.write(length, 8);
  file.write(text);
  for (std::size_t i = 0; i < tensors.size(); ++i) file.write(tensors[i].data, sizes[i]);
  file.commit();
}

}  // namespace parley::nn
