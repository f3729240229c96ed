#include "nn/files/safetensors.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace parley::nn {
namespace {

constexpr std::uint64_t kMaxHeader = 100u << 20;

std::optional<DType> readable_dtype(const std::string& name) {
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    if (name == dtype_name(dtype)) return dtype;
  }
  return std::nullopt;
}

// Bytes of a value of the types that are set aside; 0 for a type nobody here knows.
std::uint64_t other_dtype_bytes(const std::string& name) {
  for (const char* one : {"BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2"}) {
    if (name == one) return 1;
  }
  if (name == "I16" || name == "U16") return 2;
  if (name == "I32" || name == "U32") return 4;
  if (name == "I64" || name == "U64" || name == "F64") return 8;
  return 0;
}

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& where) : where_(where) {
    if (bytes.size() < 8)
      bad("too short for a safetensors header (" + std::to_string(bytes.size()) + " bytes)");
    std::uint64_t header_size = 0;
    for (std::size_t i = 8; i-- > 0;)
      header_size = header_size << 8 | static_cast<std::uint8_t>(bytes[i]);
    if (header_size > kMaxHeader || header_size > bytes.size() - 8) {
      bad("header of " + std::to_string(header_size) + " bytes does not fit the file of " +
          std::to_string(bytes.size()));
    }
    header_ = {reinterpret_cast<const char*>(bytes.data()) + 8, header_size};
    body_ = bytes.subspan(8 + header_size);
  }

  TensorList parse() {
    const Json root = parse_json(header_, where_ + " header", 8);
    if (!root.is_object()) bad("the header is not a JSON object");
    TensorList list;
    for (const auto& [name, entry] : root.items()) {
      if (name != "__metadata__") add(name, entry, list);
    }
    check_overlaps();
    return list;
  }

 private:
  struct Range {
    std::uint64_t begin, end;
    std::string name;
  };

  [[noreturn]] void bad(const std::string& why) const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + why,
         "the file is damaged or not safetensors; copy or train the model again");
  }

  void add(const std::string& name, const Json& entry, TensorList& list) {
    const std::string tensor = "tensor " + name.substr(0, 100);
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) {
      bad(tensor + " needs dtype, shape and data_offsets");
    }
    const std::string dtype_text = entry["dtype"].get<std::string>().substr(0, 20);
    const std::optional<DType> dtype = readable_dtype(dtype_text);
    const std::uint64_t value_bytes =
        dtype ? dtype_block_bytes(*dtype) : other_dtype_bytes(dtype_text);
    TensorView view;
    view.name = name;
    std::uint64_t size = value_bytes;
    for (const Json& dimension : entry["shape"]) {
      if (!dimension.is_number_unsigned()) bad(tensor + " has a dimension that is not a count");
      const auto d = dimension.get<std::uint64_t>();
      // A zero elsewhere in the shape does not excuse a dimension that no product could hold.
      if (value_bytes > 0 && d > 0 && (d > body_.size() || size > body_.size() / d))
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
    if (begin > end || end > body_.size()) {
      bad(tensor + " ends at byte " + std::to_string(end) + " of " + std::to_string(body_.size()) +
          ": the file is truncated");
    }
    if (value_bytes > 0 && end - begin != size) {
      bad(tensor + " has " + std::to_string(end - begin) + " bytes, its shape " +
          shape_text(view.shape) + " of " + dtype_text + " needs " + std::to_string(size));
    }
    if (end > begin) ranges_.push_back({begin, end, name});
    if (!dtype) {
      list.unreadable.push_back({name, dtype_text});
      return;
    }
    view.dtype = *dtype;
    view.bytes = body_.subspan(begin, end - begin);
    list.tensors.push_back(std::move(view));
  }

  void check_overlaps() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges_.size(); ++i) {
      if (ranges_[i - 1].end > ranges_[i].begin)
        bad("tensors " + ranges_[i - 1].name + " and " + ranges_[i].name + " overlap");
    }
  }

  const std::string& where_;
  std::string_view header_;
  std::span<const std::byte> body_;
  std::vector<Range> ranges_;
};

}  // namespace

TensorList parse_safetensors(std::span<const std::byte> bytes, const std::string& where) {
  return Parser(bytes, where).parse();
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<TensorToWrite>& tensors) {
  Json header = Json::object();
  header["__metadata__"] = {{"format", "pt"}};
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> sizes;
  for (const TensorToWrite& tensor : tensors) {
    std::uint64_t size = dtype_block_bytes(tensor.dtype);
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
