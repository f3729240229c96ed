// The members of an object as an automaton: declared properties in the order written, then others.
#pragma once

#include <vector>

#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

class SchemaCompiler::Members {
 public:
  Members(SchemaCompiler& compiler, Nfa& nfa, const Parts& parts);
  void add(std::uint32_t from, std::uint32_t to);

 private:
  // A place is known by how many members have been written and which witnesses were among them
  // (besides the next declared property). Without bounds on their number it matters only whether
  // there has been one.
  std::size_t index(std::size_t count, unsigned seen) const {
    return count * (std::size_t{1} << witnesses_.size()) + seen;
  }
  // Where a member may begin that becomes the `after`-th.
  void begin(std::size_t after, unsigned seen, std::uint32_t state);
  void add_declared(const Property& property);
  void add_others(const KeyClass& keys);
  std::vector<std::uint32_t> new_places();

  SchemaCompiler& compiler_;
  Nfa& nfa_;
  const Parts& parts_;
  const std::vector<Property> declared_;
  const std::vector<Witness> witnesses_;
  const std::vector<KeyClass> others_;
  std::size_t least_ = 0, counts_ = 1;
  bool bounded_ = false;
  std::vector<std::uint32_t> place_;
};

}  // namespace parley::engine
