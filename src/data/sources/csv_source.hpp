// Conversations from CSV. Two shapes: one exchange a row (user, assistant, optionally system), or
// one message a row (role, content). Rows that follow each other with the same conversation id make
// one conversation; without an id column every exchange is its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/chunk.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {

// Indices of columns.
struct CsvColumns {
  std::optional<std::size_t> user, assistant, system, role, content, id;
};

// Finds the columns: from `mapping` ("user=question,assistant=answer,id=chat"; also system, role,
// content), else by common names. `place` names the header line. Errors: kInvalidInput naming the
// columns there are and what to write; kUsage for a malformed mapping.
CsvColumns find_csv_columns(const std::vector<std::string>& header, std::string_view mapping,
                            std::string_view place);

void read_csv_source(InputFile& file, std::string_view columns, const PushChunk& push);

}  // namespace parley::data
