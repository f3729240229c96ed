// Cuts JSON input into chunks of whole records: lines (JSONL), the elements of one top-level array,
// or values one after the other. Memory: a chunk and at most one record.
#pragma once

#include "data/sources/chunk.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {

// `by_lines`: one record a line, unless the file starts with '['. Otherwise values may span lines.
// Errors: kIo, and kInvalidInput for what makes the rest unreadable; bad single records travel
// inside chunks.
void read_json_source(InputFile& file, JsonShape shape, bool by_lines, const PushChunk& push);

}  // namespace parley::data
