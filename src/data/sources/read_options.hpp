// What the user says about a source's files, for its readers.
#pragma once

#include <string_view>

#include "data/sources/columns.hpp"
#include "data/sources/speakers.hpp"

namespace parley::data {

struct ReadOptions {
  ReadOptions() = default;
  // As --columns and --speakers have them. Errors: kUsage.
  ReadOptions(std::string_view column_mapping, std::string_view speaker_mapping)
      : columns(column_mapping), speakers(speaker_mapping) {}

  ColumnMapping columns;
  Speakers speakers;
};

}  // namespace parley::data
