// The values of an "enum" or "const", or of several: which are among them is found without looking
// at each, for a list may have tens of thousands. Numbers are equal by value: 1, 1.0 and 10e-1.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "base/json.hpp"

namespace parley::engine {

class ListedValues {
 public:
  // `value` must outlive this.
  void add(const Json& value);
  bool has(const Json& value) const;
  bool has_array() const { return arrays_; }
  bool has_object() const { return objects_; }
  // Those that are no arrays or objects, as they were added.
  const std::vector<const Json*>& scalars() const { return scalars_; }

 private:
  std::unordered_set<std::string> plain_;
  std::vector<const Json*> scalars_, structured_;
  bool arrays_ = false, objects_ = false;
};

}  // namespace parley::engine
