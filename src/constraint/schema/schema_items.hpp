// The items of an array as an automaton.
#pragma once

#include <map>
#include <vector>

#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

class SchemaCompiler::Items {
 public:
  // REQUIRES: `compiler` and `parts` outlive this.
  Items(SchemaCompiler& compiler, Nfa& nfa, const Parts& parts, std::size_t least,
        std::size_t most);
  void add(std::uint32_t from, std::uint32_t to);

 private:
  // After an item: how many there are (up to where they are alike), and how many of each kind.
  using Place = std::pair<std::size_t, std::vector<std::size_t>>;
  void add_item(const Place& place, std::uint32_t from);
  std::uint32_t after(const Place& place);
  bool may_end(const Place& place) const;

  SchemaCompiler& compiler_;
  Nfa& nfa_;
  const Parts& parts_;
  const std::size_t least_, most_;
  const std::vector<Contains> kinds_;
  const std::size_t listed_;  // from there on, items satisfy the same
  std::size_t alike_ = 1;     // from there on, counting them is over as well
  std::map<std::pair<std::size_t, unsigned>, MaybeParts> values_;  // by position and kinds counted
  std::map<Place, std::uint32_t> states_;
  std::vector<Place> todo_;
};

}  // namespace parley::engine
