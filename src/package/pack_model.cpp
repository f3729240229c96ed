#include "package/pack_model.hpp"

#include "base/error.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/files/weights_hash.hpp"

namespace parley::package {
namespace fs = std::filesystem;

std::string pack_model(const ModelPackage& model, const fs::path& out,
                       const nn::ModelOptions& options) {
  if (out.extension() != ".parley") {
    fail(ErrorKind::kUsage, out.string() + ": a packed model's name ends in .parley",
         "for example " + out.stem().string() + ".parley");
  }
  if (fs::exists(out))
    fail(ErrorKind::kConflict, out.string() + ": exists already",
         "remove it, or choose a new name");
  if (model.is_packed()) {
    fail(ErrorKind::kUsage, model.path().string() + ": is packed already",
         "name the model folder or .gguf file it was made from");
  }
  // What is missing or wrong is said before the work, and no packed file has it.
  model.tokenizer();
  model.chat_template();
  model.pooling();
  nn::ModelOptions own = options;
  own.cache.on = false;
  const auto weights = model.load_weights(own);
  const nn::PackedWriter writer(*weights, options.threads);
  writer.write(out, nn::weights_hash(nn::weight_file_list(model.path()), options.threads),
               model.described_files());
  return writer.address();
}

}  // namespace parley::package
