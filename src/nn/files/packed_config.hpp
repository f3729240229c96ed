// ModelConfig as JSON inside a packed file: every field under its own name.
#pragma once

#include <string>

#include "base/json.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {

Json packed_config(const ModelConfig& config);
// Errors: kInvalidInput "WHERE: FIELD …" for a field that is missing, of another type, or outside
// what the forward pass can run. What comes back is safe to run whatever the JSON said.
ModelConfig parse_packed_config(const Json& json, const std::string& where);

}  // namespace parley::nn
