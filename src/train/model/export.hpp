// Writes a finished model as a Hugging Face folder named by its content address, and makes it the
// project's current one.
#pragma once

#include <filesystem>

#include "base/json.hpp"
#include "base/project_folder.hpp"
#include "tokenizer/bpe.hpp"
#include "train/model/torch_trainer.hpp"

namespace parley::train {

// What whoever samples from the model is advised to use: Hugging Face's generation_config.json.
struct SamplingAdvice {
  double temperature = 1;
  double top_p = 1;
};

// `facts` and `parents` go into manifest.json. Returns the folder. Errors: kIo; the current model
// stays as it was then.
std::filesystem::path export_model(const ProjectFolder& project, const TrainPlan& plan,
                                   const text::BpeModel& bpe, const TorchTrainer& trainer,
                                   const SamplingAdvice& advice, const Json& parents,
                                   const Json& facts);

}  // namespace parley::train
