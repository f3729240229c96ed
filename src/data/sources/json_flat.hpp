// A JSON record that is one exchange in fields of its own, as a row of a table is.
#pragma once

#include <simdjson.h>

#include <string>
#include <vector>

#include "data/sources/columns.hpp"
#include "data/sources/raw_record.hpp"
#include "data/sources/read_options.hpp"

namespace parley::data {

// The fields of a record and what they are; records of one file have the same.
struct FlatFields {
  std::vector<std::string> names;
  Columns columns;
};

// False if no field says that somebody speaks. "history", a list of pairs of what was asked and
// answered before, comes first. Errors: kInvalidInput naming the fields of which nothing says what
// they are.
bool read_flat(const simdjson::dom::object& object, const ReadOptions& options, FlatFields& known,
               RawRecord& record, const Place& place);

}  // namespace parley::data
