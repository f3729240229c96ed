// The JSON Schema (draft 7) of parley.yaml, made from the same description that load_project()
// checks against. docs/parley.schema.json is this text; `parley new` writes a copy into each
// project for editors.
#pragma once

#include "base/json.hpp"

namespace parley::settings {

Json project_schema();

}  // namespace parley::settings
