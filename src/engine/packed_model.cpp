#include "engine/packed_model.hpp"

#include <algorithm>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "engine/gguf_tokenizer.hpp"
#include "engine/replay.hpp"
#include "nn/packed_file.hpp"
#include "nn/packed_writer.hpp"
#include "nn/weight_files.hpp"
#include "nn/weights_hash.hpp"

namespace parley::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = 256u << 20;
constexpr int kChunk = 64;  // tokens of a reply computed together
constexpr const char* kCarried[] = {"tokenizer.json", "tokenizer.model", "tokenizer_config.json",
                                    "chat_template.jinja", "generation_config.json"};

std::string address_of(const nn::Model& model, int threads) {
  return model.address().empty() ? nn::PackedWriter(model, threads).address() : model.address();
}

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

std::unique_ptr<nn::Model> load_recorded_model(const ReplayRecord& record, const fs::path& model,
                                               int threads) {
  nn::ModelOptions options;
  options.threads = threads;
  options.context = record.context;
  for (const auto each : {nn::Precision::kInt8, nn::Precision::kInt4, nn::Precision::kFloat32}) {
    if (record.precision == nn::precision_name(each)) options.precision = each;
  }
  auto loaded = nn::Model::load(model, options);
  const std::string address = address_of(*loaded, threads);
  if (address != record.model) {
    fail(ErrorKind::kInvalidInput,
         model.string() + " is not the model of the record: its address is " + address +
             ", the record's " + record.model,
         "verify with the model that the reply was made with");
  }
  return loaded;
}

void complete_record(ReplayRecord& record, bool stopped, const fs::path& model,
                     const nn::ModelOptions& options) {
  const auto loaded = nn::Model::load(model, options);
  record.model = address_of(*loaded, options.threads);
  record.precision = nn::precision_name(loaded->precision());
  record.context = loaded->context();
  ThreadTeam team(options.threads > 0 ? options.threads : usable_cpus());
  // A reply that stopped has one token more, the one that stopped it, unless text did.
  const std::size_t reply = record.tokens.size();
  const auto room = static_cast<std::size_t>(loaded->context()) - record.prompt.size();
  const std::size_t total = std::min(reply + (stopped ? 1 : 0), room);
  Replay replay(*loaded, nn::select_kernels(), team, record, static_cast<int>(total), kChunk);
  while (replay.step()) {
  }
  if (!replay.difference().empty())
    fail(ErrorKind::kInternal, "the reply does not come out the same: " + replay.difference(),
         "please report this with the processor and the model");
  const auto& stops = record.stop_tokens;
  const bool by_token = replay.tokens().size() > reply &&
                        std::ranges::find(stops, replay.tokens().back()) != stops.end();
  replay.fill(record, reply + (by_token ? 1 : 0));
}

}  // namespace parley::engine
