// A constraint that is still to be compiled: what it is, as text that nothing else has, and how.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "constraint/grammar.hpp"

namespace parley::engine {

struct ConstraintSource {
  std::string key;                      // its kind and exact text: equal keys, equal results
  std::function<GrammarPtr()> compile;  // Errors: as of the functions of grammar.hpp
};

ConstraintSource json_schema_source(const Json& schema, const JsonSchemaOptions& options = {});
ConstraintSource json_object_source();
ConstraintSource regex_source(std::string pattern);
ConstraintSource choice_source(std::vector<std::string> choices);
ConstraintSource gbnf_source(std::string text);

}  // namespace parley::engine
