// Of the `serving` section of parley.yaml: how many requests the engine serves, and with how many
// threads.
#pragma once

#include "base/fields.hpp"
#include "engine/engine.hpp"

namespace parley::engine {

void describe(Fields& at, Options& options);

}  // namespace parley::engine
