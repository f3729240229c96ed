// Schemas that the compiler writes itself: what a keyword means, said with other keywords. They
// refer to schemas of the document (and to each other) by number, so that nothing is copied and a
// schema that is met again is the same one.
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

Json SchemaCompiler::link(const Json& schema, bool negated) {
  const auto [at, added] = link_of_.emplace(&schema, links_.size());
  if (added) links_.push_back(&schema);
  return Json{{"$ref", 2 * at->second + (negated ? 1 : 0)}};
}

bool SchemaCompiler::is_negated(const Json& reference) const {
  return document_.is_made(reference) && reference.get<std::size_t>() % 2 == 1;
}

const Json& SchemaCompiler::target(const Json& reference) {
  if (!document_.is_made(reference)) return document_.resolve(reference);
  const Json& linked = *links_[reference.get<std::size_t>() / 2];
  return is_negated(reference) ? negation(linked) : linked;
}

}  // namespace parley::engine
