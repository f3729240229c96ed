// parley serve --models: a folder of models to a pool that loads them when they are asked for.
#pragma once

#include <memory>
#include <string>

#include "chat/model/model_pool.hpp"
#include "cli/assistant_setup.hpp"

namespace parley::cli {

// Null when `folder` is empty. `memory` 0: half of the machine's. Keys and values of each model get
// --kv-memory, or an eighth of `memory`. Errors: kNotFound (no such folder, no model in it),
// kConflict (two models of one name), kInvalidInput (a model that cannot be read).
std::unique_ptr<chat::ModelPool> make_model_pool(const std::string& folder, std::size_t memory,
                                                 const AssistantOptions& options,
                                                 const AssistantSetup& setup);

}  // namespace parley::cli
