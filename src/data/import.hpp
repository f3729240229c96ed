// Imports one source into a folder of stored parts and an index (stored.hpp): reader thread, a
// worker per processor, writer. Memory is bounded by the bytes in flight, whatever the input's
// size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "data/prepare.hpp"
#include "data/sources/source_files.hpp"

namespace parley::data {

struct SourceSpec {
  std::string name;           // the path or grammar as source_name() gives it
  bool from_project = false;  // listed in parley.yaml, else added by hand
  std::string path;           // exactly one of path, grammar
  std::string grammar;
  std::string format = "auto";
  std::string columns, speakers;
  int count = 0;
  std::uint64_t seed = 1;
  bool skip_bad = false;

  Json settings() const;  // what, besides the files, decides the result
};

// One source of a dataset, as the manifest keeps it.
struct SourceEntry {
  std::string name;
  bool from_project = false;
  Json settings;
  Json files = Json::array();                   // {"path", "bytes", "sha256"}
  std::vector<std::string> ignored;             // files of a folder that are no data
  std::vector<std::string> bad;                 // "FILE:LINE: WHY"
  std::vector<std::string> notes;               // "FILE: WHAT", what was made of it
  std::map<std::string, std::uint64_t> unread;  // fields left out, and in how many records
  ImportCounts counts;
  std::string folder;            // "sources/KEY"
  Json stored = Json::object();  // file in that folder -> {"bytes", "sha256"}

  std::size_t parts() const { return stored.size() - 1; }  // all but index.bin
  Json to_json() const;
  static SourceEntry from_json(const Json& json);
};

// Called with the input bytes (files) or records (grammars) done so far.
using ImportProgress = std::function<void(std::uint64_t done)>;

// Writes part-NNNN.jsonl and index.bin into `folder`, which it creates, flushed to disk; the
// entry's `folder` is named after the content. Errors: what the readers say, kIo.
SourceEntry import_source(const std::filesystem::path& root, const SourceSpec& spec,
                          const SourceListing& listing, const std::filesystem::path& folder,
                          const ImportProgress& progress);

std::string part_name(std::size_t part);  // "part-0000.jsonl"

}  // namespace parley::data
