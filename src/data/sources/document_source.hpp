// Markdown, HTML and plain text files: documents, or conversations in speaker lines.
#pragma once

#include "data/sources/chunk.hpp"
#include "data/sources/input_file.hpp"
#include "data/sources/read_options.hpp"
#include "data/sources/source_files.hpp"

namespace parley::data {

// Plain text of more than kLongText bytes comes in parts of about kTextPart bytes, cut at empty
// lines, so that any length fits the memory and a single long text can be split into training and
// validation data.
inline constexpr std::size_t kLongText = 1'000'000;
inline constexpr std::size_t kTextPart = 64'000;

void read_document_source(InputFile& file, const SourceFile& source, const ReadOptions& options,
                          const PushChunk& push);

// The worker's part: turns a kDocument chunk into a record whose text starts with the document's
// title. The views live as long as `record` and `chunk`. Errors: kInvalidInput (binary data; a page
// in a character set that is not known).
void parse_document(const Chunk& chunk, RawRecord& record);

}  // namespace parley::data
