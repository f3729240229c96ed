// A GGUF file as a source of weights under the names of weight_source.hpp.
#include "base/error.hpp"
#include "nn/files/gguf.hpp"
#include "nn/model/weight_names.hpp"

namespace parley::nn {
namespace {

// Converters reorder the rows of these architectures' queries and keys so that a rotation turns
// neighbours; everybody else's lie as in the checkpoint.
bool interleaves(const std::string& architecture) {
  return architecture == "llama" || architecture == "smollm3";
}

int heads(const GgufFile& file, const char* key) {
  const std::string name = file.architecture() + ".attention." + key;
  const std::int64_t count = file.integer(name).value_or(0);
  if (count < 1 || count > 1024) {
    fail(ErrorKind::kInvalidInput, file.where() + ": key " + name + " is missing or out of range",
         "expected the number of heads, 1 to 1024; convert the model again");
  }
  return static_cast<int>(count);
}

}  // namespace

std::unique_ptr<WeightSource> gguf_weights(std::shared_ptr<const GgufFile> file) {
  const std::string& architecture = file->architecture();
  TensorList list = file->tensors();
  for (TensorView& view : list.tensors) {
    view.name = canonical_gguf_name(view.name, architecture);
    if (!interleaves(architecture)) continue;
    const bool query = view.name.find(".self_attn.q_proj.") != std::string::npos;
    const bool key = view.name.find(".self_attn.k_proj.") != std::string::npos;
    if (!query && !key) continue;
    const bool own_key_heads = key && file->has(architecture + ".attention.head_count_kv");
    view.interleaved_heads = heads(*file, own_key_heads ? "head_count_kv" : "head_count");
    if (view.shape[0] % (2 * view.interleaved_heads) != 0) {
      fail(ErrorKind::kInvalidInput,
           file->where() + ": tensor " + view.name + " has " + std::to_string(view.shape[0]) +
               " rows, not an even number for each of " + std::to_string(view.interleaved_heads) +
               " heads",
           "the file is damaged; convert the model again");
    }
  }
  for (UnreadableTensor& tensor : list.unreadable)
    tensor.name = canonical_gguf_name(tensor.name, architecture);
  std::string where = file->where();
  return make_weight_source(std::move(where), std::move(list), {std::move(file)});
}

}  // namespace parley::nn
