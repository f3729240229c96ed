// Which records of a dataset are used: exact and near duplicates are dropped, the rest is split
// into training and validation data. Works on the sources' indexes with sorted runs on disk, so
// memory is one byte a record plus fixed buffers (see kSortBytes in select.cpp).
//
// Of equal or similar records the first in source order is kept. Near duplicates are found by bands
// of the sketches and decided by the exact Jaccard similarity of the stored texts: an estimate
// never drops a record.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/import.hpp"

namespace parley::data {

struct SelectionCounts {
  std::uint64_t train = 0, validation = 0, exact_duplicates = 0, near_duplicates = 0;
  Json to_json() const;
};

struct DuplicateExample {
  std::string kept, dropped;  // ids
  double similarity;
};

struct SelectionResult {
  std::vector<std::uint8_t> selection;  // a Selection per record, sources after each other
  SelectionCounts total;
  std::vector<SelectionCounts> by_source;
  std::map<std::string, std::uint64_t> languages;  // of used records that were looked at
  std::vector<DuplicateExample> examples;          // near duplicates, at most 20
};

struct SelectionSettings {
  double validation = 0.05;
  double near_duplicates = 0.85;  // 1: exact duplicates only
};

// `folders[i]` holds the files of `sources[i]`; `scratch` exists and takes temporary files. Errors:
// kIo.
SelectionResult select_records(
    const std::vector<SourceEntry>& sources, const std::vector<std::filesystem::path>& folders,
    const SelectionSettings& settings, const std::filesystem::path& scratch,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress = {});

}  // namespace parley::data
