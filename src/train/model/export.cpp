#include "train/model/export.hpp"

#include <unistd.h>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "nn/files/safetensors.hpp"
#include "prompt/chat_format.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::train {
namespace fs = std::filesystem;

fs::path export_model(const ProjectFolder& project, const TrainPlan& plan,
                      const text::BpeModel& bpe, const TorchTrainer& trainer,
                      const SamplingAdvice& advice, const Json& parents, const Json& facts) {
  const fs::path staging = project.models_dir() / (".staging-" + std::to_string(::getpid()));
  struct Remover {
    const fs::path& path;
    ~Remover() {
      std::error_code ignored;
      fs::remove_all(path, ignored);
    }
  } remover{staging};
  fs::create_directories(staging);
  nn::ModelConfig config = plan.model;
  config.dtype = "bfloat16";
  nn::write_model_config(config, staging / "config.json");
  text::write_tokenizer_json(bpe, staging / "tokenizer.json");
  text::write_chat_tokenizer_config(staging / "tokenizer_config.json", config.context);
  text::write_generation_config(staging / "generation_config.json", config.bos, config.eos,
                                advice.temperature, advice.top_p);
  const std::vector<SavedWeight> weights = trainer.weights();
  std::vector<nn::TensorToWrite> tensors;
  for (const SavedWeight& weight : weights) {
    tensors.push_back({weight.name, nn::DType::kBF16, weight.shape, weight.bf16.data()});
  }
  nn::write_safetensors(staging / "model.safetensors", tensors);
  Manifest manifest;
  manifest.kind = "model";
  manifest.parents = parents;
  manifest.facts = facts;
  for (const char* file : {"config.json", "tokenizer.json", "tokenizer_config.json",
                           "generation_config.json", "model.safetensors"}) {
    manifest.add_file(staging, file);
  }
  manifest.save(staging / "manifest.json");
  const std::string name = manifest.address().substr(0, 12);
  const fs::path target = project.models_dir() / name;
  std::error_code exists;
  if (fs::exists(target)) {
    fs::remove_all(target, exists);  // the same content
  }
  fs::rename(staging, target);
  sync_folder(project.models_dir());
  replace_symlink(project.current_model(), name);
  return target;
}

}  // namespace parley::train
