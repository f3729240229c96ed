// `parley data add`: imports sources into the dataset of a project. The dataset changes in one
// step, by the replacement of its manifest, or not at all.
#pragma once

#include <string>
#include <vector>

#include "base/project_folder.hpp"
#include "base/sha256.hpp"
#include "data/import.hpp"
#include "data/select.hpp"
#include "data/settings.hpp"

namespace parley::data {

struct AddRequest {
  std::vector<std::string>
      paths;  // files, folders, globs, relative to `base`; empty: the sources of parley.yaml
  std::filesystem::path base;  // the folder the user is in; empty: the project's
  std::string format;          // empty: as parley.yaml has it, else auto
  std::string columns;
  std::string speakers;
  bool skip_bad = false;
};

// A dataset's manifest, unpacked.
struct DatasetInfo {
  std::string address;
  std::vector<SourceEntry> sources;
  SelectionSettings settings;
  SelectionCounts total;
  std::vector<SelectionCounts> by_source;
  std::map<std::string, std::uint64_t> languages;
  std::vector<DuplicateExample> examples;
  std::string selection_file;  // relative to the dataset folder

  std::uint64_t records() const;  // stored, duplicates included
  std::uint64_t used() const { return total.train + total.validation; }
};

// Errors: kNotFound ("run `parley data add` first"), kInvalidInput.
DatasetInfo load_dataset_info(const std::filesystem::path& dataset_dir);

struct AddResult {
  DatasetInfo dataset;
  bool changed = false;               // false: everything was there already
  std::vector<std::string> imported;  // names of the sources read anew
  std::vector<std::string> absent;    // paths of parley.yaml at which there is nothing
  double seconds = 0;
  std::uint64_t bytes = 0;  // of input read for them
};

// Errors: kUsage, kNotFound, kInvalidInput (FILE:LINE), kConflict (another import is running), kIo.
AddResult add_data(const ProjectFolder& project, const DataSettings& settings,
                   const AddRequest& request);

// Takes sources out of the dataset again. Errors: kNotFound naming the sources there are.
AddResult remove_data(const ProjectFolder& project, const DataSettings& settings,
                      const std::vector<std::string>& names);

}  // namespace parley::data
