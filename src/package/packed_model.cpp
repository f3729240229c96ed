#include "package/packed_model.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/files/weight_files.hpp"
#include "nn/files/weights_hash.hpp"
#include "package/gguf_tokenizer.hpp"

namespace parley::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 256u << 20;
// What the tokenizer and the chat template are read from; the two configurations name what ends a
// turn.
constexpr const char* kCarried[] = {"tokenizer.json",      "tokenizer.model",
                                    "chat_template.jinja", "tokenizer_config.json",
                                    "config.json",         "generation_config.json"};

}  // namespace

std::string pack_model(const fs::path& model, const fs::path& out,
                       const nn::ModelOptions& options) {
  if (out.extension() != ".parley") {
    fail(ErrorKind::kUsage, out.string() + ": a packed model's name ends in .parley",
         "for example " + out.stem().string() + ".parley");
  }
  if (fs::exists(out))
    fail(ErrorKind::kConflict, out.string() + ": exists already",
         "remove it, or choose a new name");
  if (nn::is_packed_file(model)) {
    fail(ErrorKind::kUsage, model.string() + ": is packed already",
         "name the model folder or .gguf file it was made from");
  }
  nn::ModelOptions own = options;
  own.cache.on = false;
  const auto loaded = nn::Model::load(model, own);
  const fs::path folder = fs::is_directory(model) ? model : model.parent_path();
  std::map<std::string, std::string> files;
  for (const char* name : kCarried) {
    if (fs::exists(folder / name)) files[name] = read_file(folder / name, kMaxFile);
  }
  text::load_tokenizer(files, folder.string());  // says what is missing or wrong
  const nn::PackedWriter writer(*loaded, options.threads);
  writer.write(out, nn::weights_hash(nn::weight_file_list(model), options.threads), files);
  return writer.address();
}

std::map<std::string, std::string> packed_model_files(const fs::path& model) {
  const auto file = std::make_shared<const MappedFile>(model);
  const nn::PackedFile packed(file->bytes(), file, model.string());
  std::map<std::string, std::string> files;
  for (const auto& [name, section] : packed.files()) {
    files[name] = {reinterpret_cast<const char*>(section.bytes.data()), section.bytes.size()};
  }
  return files;
}

std::unique_ptr<text::Tokenizer> load_tokenizer_of(const fs::path& model) {
  if (const fs::path gguf = nn::find_gguf(model); !gguf.empty())
    return gguf_tokenizer(nn::GgufFile(gguf));
  if (!nn::is_packed_file(model)) return text::load_tokenizer(model);
  return text::load_tokenizer(packed_model_files(model), model.string());
}

}  // namespace parley::engine
