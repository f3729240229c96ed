// Conversations from CSV. Two shapes: one exchange a row (user, assistant, optionally what the user
// is asking about and a system text), or one message a row (role, content). Rows that follow each
// other with the same conversation id make one conversation; without an id column every exchange is
// its own.
#pragma once

#include "data/sources/chunk.hpp"
#include "data/sources/input_file.hpp"
#include "data/sources/read_options.hpp"

namespace parley::data {

void read_csv_source(InputFile& file, const ReadOptions& options, const PushChunk& push);

}  // namespace parley::data
