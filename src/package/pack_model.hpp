// One file that is a whole model: packed weights, with what describes the model beside them.
#pragma once

#include <filesystem>
#include <string>

#include "package/model_package.hpp"

namespace parley::package {

// Packs `model` into `out`, which must end in .parley and not exist. Returns PackedFile::address().
// Errors: as ModelPackage's for a part that is missing or wrong; kUsage, kConflict for `out`;
// kUsage for a model that is packed already.
std::string pack_model(const ModelPackage& model, const std::filesystem::path& out,
                       const nn::ModelOptions& options);

}  // namespace parley::package
