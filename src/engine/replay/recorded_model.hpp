// A record of a reply and the model that it was made with, wherever that model lies.
#pragma once

#include <memory>

#include "engine/replay/replay_record.hpp"
#include "nn/model/model.hpp"
#include "package/model_package.hpp"

namespace parley::engine {

// The model that a record was made with, in its precision and context. Errors: as Model::load;
// kInvalidInput when it is another one.
std::unique_ptr<nn::Model> load_recorded_model(const ReplayRecord& record,
                                               const package::ModelPackage& model, int threads);

// The record of a reply that an engine made with `model`: `record` comes with its
// sampling, prompt, stop tokens and tokens, `stopped` says that the reply ended before its longest.
// The reply is computed again for its hashes. Errors: as Model::load; kInternal when it does not
// come out the same.
void complete_record(ReplayRecord& record, bool stopped, const package::ModelPackage& model,
                     const nn::ModelOptions& options);

}  // namespace parley::engine
