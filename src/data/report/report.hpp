// What a dataset holds: counts, lengths, languages, duplicates, what was dropped and why. As text,
// JSON and HTML.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "data/add.hpp"

namespace parley::data {

// Counts of whole numbers in buckets that double from a first width on; also mean, median and 95th
// percentile, the last two exact up to 4,096 and to within 1 % above.
class Histogram {
 public:
  void add(std::uint64_t value);
  std::uint64_t count() const { return count_; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t max() const { return max_; }
  double mean() const {
    return count_ ? static_cast<double>(sum_) / static_cast<double>(count_) : 0;
  }
  std::uint64_t quantile(double share) const;

  struct Bucket {
    std::uint64_t from, to;  // both included
    std::uint64_t count;
  };
  // At most `most` buckets of round widths that cover all values up to the 99th percentile; the
  // last takes the rest.
  std::vector<Bucket> buckets(std::size_t most) const;
  Json to_json() const;

 private:
  static std::size_t slot(std::uint64_t value);
  static std::uint64_t slot_start(std::size_t slot);
  std::vector<std::uint64_t> slots_;
  std::uint64_t count_ = 0, sum_ = 0, max_ = 0;
};

struct Report {
  std::string project;
  DatasetInfo dataset;
  ImportCounts imported;                           // over all sources
  std::uint64_t conversations = 0, documents = 0;  // used records
  Histogram turns;                        // user messages that got a reply, per conversation
  Histogram messages;                     // per conversation
  Histogram conversation_chars;           // characters (code points) per conversation
  Histogram user_chars, assistant_chars;  // per message
  Histogram document_chars;
  std::uint64_t with_system = 0;                      // conversations with a system message
  std::uint64_t text_bytes = 0, assistant_bytes = 0;  // UTF-8
  std::vector<std::pair<std::string, std::uint64_t>>
      languages;  // by count; code and used records looked at
  std::vector<std::pair<std::string, std::uint64_t>>
      dropped;                      // reason and records, zero ones left out
  std::vector<std::string> advice;  // what to look into, empty if nothing
};

// Reads the whole dataset once; `project` is whose name the report bears. Errors: kNotFound ("run
// `parley data add` first"), kInvalidInput.
Report make_report(const std::string& project, const std::filesystem::path& dataset_dir);

std::string report_text(const Report& report);
std::string report_html(const Report& report);
Json report_json(const Report& report);

// The closing lines of `parley data add`.
std::string describe_add(const AddResult& result);

// "1,234,567"
std::string with_commas(std::uint64_t value);

}  // namespace parley::data
