// A Hugging Face folder of safetensors files as one source of weights.
#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/model/weight_names.hpp"

namespace parley::nn {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxShards = 1000;

// One file name, so that an index reaches nothing outside its folder.
bool plain_file_name(const std::string& name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

TensorList canonical(TensorList list) {
  for (TensorView& view : list.tensors) {
    CanonicalName to = canonical_checkpoint_name(view.name);
    view.name = std::move(to.name);
    if (to.transposed && view.shape.size() == 2) {
      view.transposed = true;
      std::swap(view.shape[0], view.shape[1]);
    }
  }
  for (UnreadableTensor& tensor : list.unreadable)
    tensor.name = canonical_checkpoint_name(tensor.name).name;
  return list;
}

std::unique_ptr<WeightSource> open_shards(const fs::path& folder, const fs::path& index_path) {
  const std::string where = index_path.string();
  const auto index = parse_safetensors_index(read_file(index_path, kMaxSafetensorsIndex), where);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : index) shards.insert(shard);
  if (shards.size() > kMaxShards) {
    fail(ErrorKind::kLimit, where + ": names " + std::to_string(shards.size()) + " shards",
         "at most " + std::to_string(kMaxShards) + " are read");
  }
  TensorList all;
  std::vector<std::shared_ptr<const void>> owners;
  std::map<std::string, std::string> found_in;
  for (const std::string& shard : shards) {
    const fs::path path = folder / shard;
    if (!fs::exists(path)) {
      fail(ErrorKind::kNotFound, path.string() + ": missing, and " + where + " names it",
           "copy every model-*.safetensors file of the model into the folder");
    }
    const auto file = std::make_shared<const MappedFile>(path);
    TensorList list = parse_safetensors(file->bytes(), path.string());
    owners.push_back(file);
    const auto note = [&](const std::string& name) {
      const auto [at, fresh] = found_in.emplace(name, shard);
      if (!fresh) {
        fail(ErrorKind::kInvalidInput,
             where + ": tensor " + name + " is in both " + at->second + " and " + shard,
             "shards of different models are mixed; copy the model again");
      }
    };
    for (TensorView& view : list.tensors) {
      note(view.name);
      all.tensors.push_back(std::move(view));
    }
    for (UnreadableTensor& tensor : list.unreadable) {
      note(tensor.name);
      all.unreadable.push_back(std::move(tensor));
    }
  }
  for (const auto& [tensor, shard] : index) {
    const auto at = found_in.find(tensor);
    if (at == found_in.end() || at->second != shard) {
      fail(ErrorKind::kInvalidInput,
           where + ": tensor " + tensor + " is not in " + shard + ", where the index has it",
           "the shards do not belong to this index; copy the model again");
    }
  }
  return make_weight_source(where, canonical(std::move(all)), std::move(owners));
}

}  // namespace

std::map<std::string, std::string> parse_safetensors_index(const std::string& text,
                                                           const std::string& where) {
  const auto bad = [&](const std::string& why) {
    fail(ErrorKind::kInvalidInput, where + ": " + why,
         "expected {\"weight_map\": {TENSOR: FILE, …}} with files of the same folder");
  };
  const Json root = parse_json(text, where, 8);
  if (!root.is_object() || !root.contains("weight_map") || !root["weight_map"].is_object())
    bad("weight_map is missing or not an object");
  std::map<std::string, std::string> index;
  for (const auto& [tensor, file] : root["weight_map"].items()) {
    if (!file.is_string()) bad("tensor " + tensor.substr(0, 100) + " has no file name");
    const auto& name = file.get_ref<const std::string&>();
    if (!plain_file_name(name)) {
      bad("tensor " + tensor.substr(0, 100) + " is in '" + name.substr(0, 100) +
          "', which is not a file name");
    }
    index.emplace(tensor, name);
  }
  if (index.empty()) bad("weight_map is empty");
  return index;
}

std::unique_ptr<WeightSource> open_safetensors(const fs::path& folder) {
  const fs::path whole = folder / "model.safetensors";
  const fs::path index = folder / "model.safetensors.index.json";
  if (fs::exists(whole)) {
    const auto file = std::make_shared<const MappedFile>(whole);
    TensorList list = parse_safetensors(file->bytes(), whole.string());
    return make_weight_source(whole.string(), canonical(std::move(list)), {file});
  }
  if (fs::exists(index)) return open_shards(folder, index);
  if (fs::exists(folder / "pytorch_model.bin") ||
      fs::exists(folder / "pytorch_model.bin.index.json")) {
    fail(ErrorKind::kNotFound, folder.string() + ": has pytorch_model.bin and no safetensors",
         "pickle files run code when they are read; save the model as safetensors");
  }
  fail(ErrorKind::kNotFound,
       folder.string() + ": has neither model.safetensors nor model.safetensors.index.json",
       "name a folder with a model's config.json and weights");
}

}  // namespace parley::nn
