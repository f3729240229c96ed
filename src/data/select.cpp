#include "data/select.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "base/error.hpp"
#include "data/spill_sort.hpp"

namespace parley::data {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t kSortBytes = 64u << 20;  // for each of the sorts, one after the other
constexpr std::uint64_t kFilterBytes = 32u << 20;
constexpr std::size_t kPairBytes = 24u << 20;
// A band shared by many records pairs each with the first few and the one before it, not with all.
constexpr std::size_t kPairsWithFirst = 6;
constexpr double kSketchMargin = 0.2;  // over four standard errors of the estimate
constexpr std::size_t kMaxExamples = 20;
constexpr std::size_t kMaxOpenFiles = 200;

struct HashAt {
  Hash128 hash;
  std::uint64_t record;
  bool operator<(const HashAt& o) const {
    if (hash.high != o.hash.high) return hash.high < o.hash.high;
    if (hash.low != o.hash.low) return hash.low < o.hash.low;
    return record < o.record;
  }
};

struct Pair {  // (band, record), or (later record, earlier record)
  std::uint64_t first, second;
  bool operator<(const Pair& o) const {
    return first != o.first ? first < o.first : second < o.second;
  }
};

// Rows per band: the more, the fewer false candidates; chosen so that a pair at the threshold
// shares one of the kSketchSize / rows bands with a probability of at least 0.98: 1 - (1 -
// t^rows)^(128 / rows).
std::size_t rows_for(double threshold) {
  if (threshold >= 0.82) return 8;
  if (threshold >= 0.6) return 4;
  return threshold >= 0.25 ? 2 : 1;
}

// Tells hashes added once from those added more often; may take some of the former for the latter.
// A bit array, sized for about eight bits a hash, at most kFilterBytes for each of its two halves.
class SeenTwice {
 public:
  explicit SeenTwice(std::uint64_t hashes) {
    std::uint64_t bits = 1u << 16;
    while (bits < hashes * 8 && bits < kFilterBytes * 8) bits *= 2;
    once_.resize(bits / 64);
    twice_.resize(bits / 64);
  }
  void add(std::uint64_t hash) {
    const std::size_t word = hash / 64 % once_.size();
    const std::uint64_t bit = std::uint64_t{1} << (hash % 64);
    twice_[word] |= once_[word] & bit;
    once_[word] |= bit;
  }
  bool maybe_twice(std::uint64_t hash) const {
    return twice_[hash / 64 % once_.size()] >> (hash % 64) & 1;
  }

 private:
  std::vector<std::uint64_t> once_, twice_;
};

class Selector {
 public:
  Selector(const std::vector<SourceEntry>& sources, const std::vector<fs::path>& folders,
           const SelectionSettings& settings, const fs::path& scratch)
      : sources_(sources), folders_(folders), settings_(settings), scratch_(scratch) {
    for (const auto& source : sources) {
      first_.push_back(records_);
      records_ += source.counts.stored;
    }
    result_.selection.assign(records_, static_cast<std::uint8_t>(Selection::kTrain));
  }
  ~Selector() {
    for (const auto& [key, fd] : open_) ::close(fd);  // any order: nobody sees it
  }

  SelectionResult run(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    progress_ = progress;
    passes_ = settings_.near_duplicates < 1 ? 5 : 2;
    drop_exact();
    if (settings_.near_duplicates < 1) drop_near();
    split();
    return std::move(result_);
  }

 private:
  void advance(std::uint64_t done) {
    if (progress_ && done % 4096 == 0) progress_(pass_ * records_ + done, passes_ * records_);
  }

  // Calls visit(record, index) for every record, in order.
  template <class Visit>
  void for_each_index(Visit&& visit) {
    std::vector<RecordIndex> block(4096);
    std::uint64_t record = 0;
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      const std::uint64_t count = sources_[s].counts.stored;
      for (std::uint64_t at = 0; at < count; at += block.size()) {
        const std::size_t n = std::min<std::uint64_t>(block.size(), count - at);
        read_at(s, "index.bin", at * sizeof(RecordIndex), block.data(), n * sizeof(RecordIndex));
        for (std::size_t i = 0; i < n; ++i) {
          visit(record, block[i], s);
          advance(++record);
        }
      }
    }
    ++pass_;
  }

  void read_at(std::size_t source, const std::string& name, std::uint64_t offset, void* out,
               std::size_t size) {
    const std::string key = std::to_string(source) + "/" + name;
    auto found = open_.find(key);
    if (found == open_.end()) {
      if (open_.size() >= kMaxOpenFiles) {
        for (const auto& [other, fd] : open_) ::close(fd);  // any order: nobody sees it
        open_.clear();
      }
      const fs::path path = folders_[source] / name;
      const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
      if (fd < 0) fail_errno("cannot open " + path.string(), errno, "run `parley data add` again");
      found = open_.emplace(key, fd).first;
    }
    for (std::size_t done = 0; done < size;) {
      const ssize_t n = ::pread(found->second, static_cast<char*>(out) + done, size - done,
                                static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0)
        fail_errno("cannot read " + (folders_[source] / name).string(), errno, "check the disk");
      if (n == 0) {
        fail(ErrorKind::kInvalidInput,
             (folders_[source] / name).string() + ": shorter than the manifest says",
             "delete the dataset folder and run `parley data add`");
      }
      done += static_cast<std::size_t>(n);
    }
  }

  void mark(std::uint64_t record, Selection as) {
    result_.selection[record] = static_cast<std::uint8_t>(as);
  }
  bool is_duplicate(std::uint64_t record) const {
    return result_.selection[record] >= static_cast<std::uint8_t>(Selection::kExactDuplicate);
  }

  void drop_exact() {
    SpillSorter<HashAt> hashes(scratch_, kSortBytes);
    for_each_index([&](std::uint64_t record, const RecordIndex& index, std::size_t) {
      hashes.add({index.hash, record});
    });
    std::optional<HashAt> kept;
    hashes.drain([&](const HashAt& at) {
      if (kept && kept->hash == at.hash) {
        mark(at.record, Selection::kExactDuplicate);
      } else {
        kept = at;
      }
    });
  }

  template <class Visit>
  void for_each_band(const RecordIndex& index, Visit&& visit) const {
    const std::size_t rows = rows_for(settings_.near_duplicates);
    for (std::size_t band = 0; band * rows < kSketchSize; ++band) {
      visit(XXH3_64bits_withSeed(&index.sketch[band * rows], rows * sizeof(index.sketch[0]), band));
    }
  }

  void drop_near() {
    // Most bands belong to one record alone. A first pass finds out which may be shared, so that
    // only those need sorting.
    SeenTwice seen(records_ * (kSketchSize / rows_for(settings_.near_duplicates)));
    for_each_index([&](std::uint64_t record, const RecordIndex& index, std::size_t) {
      if (!is_duplicate(record)) for_each_band(index, [&](std::uint64_t band) { seen.add(band); });
    });
    SpillSorter<Pair> bands(scratch_, kSortBytes);
    for_each_index([&](std::uint64_t record, const RecordIndex& index, std::size_t) {
      if (is_duplicate(record)) return;
      for_each_band(index, [&](std::uint64_t band) {
        if (seen.maybe_twice(band)) bands.add({band, record});
      });
    });
    SpillSorter<Pair> pairs(scratch_, kPairBytes);
    std::vector<std::uint64_t> group;  // the first members of a band, and the last
    std::uint64_t key = 0;
    bands.drain([&](const Pair& at) {
      if (group.empty() || at.first != key) {
        group.clear();
        key = at.first;
      }
      for (const std::uint64_t earlier : group) pairs.add({at.second, earlier});
      if (group.size() > kPairsWithFirst) {
        group.back() = at.second;
      } else {
        group.push_back(at.second);
      }
    });
    Pair last{0, 0};
    std::uint64_t loaded = records_;  // the record whose shingles are in later_
    pairs.drain([&](const Pair& pair) {
      const bool repeated = pair.first == last.first && pair.second == last.second;
      last = pair;
      advance(pair.first);
      if (repeated || is_duplicate(pair.first) || is_duplicate(pair.second)) return;
      if (pair.first != loaded) {
        later_.load(*this, pair.first);
        loaded = pair.first;
      }
      compare(pair.first, pair.second);
    });
    ++pass_;
  }

  // A record read back from its source.
  struct Loaded {
    RecordIndex index;
    bool has_text = false;
    Record record;
    std::vector<std::uint64_t> shingles;

    void load(Selector& selector, std::uint64_t number) {
      source = selector.source_of(number);
      selector.read_at(source, "index.bin",
                       (number - selector.first_[source]) * sizeof(RecordIndex), &index,
                       sizeof index);
      has_text = false;
    }
    void load_text(Selector& selector) {
      if (has_text) return;
      selector.line_.resize(index.length + kJsonPadding);
      selector.read_at(source, part_name(index.part), index.offset, selector.line_.data(),
                       index.length);
      selector.parser_.parse(std::string_view(selector.line_).substr(0, index.length), record);
      shingles = selector.shingler_.shingles(record);
      has_text = true;
    }
    std::size_t source = 0;
  };

  void compare(std::uint64_t later, std::uint64_t earlier) {
    earlier_.load(*this, earlier);
    if (sketch_similarity(later_.index.sketch, earlier_.index.sketch) <
        settings_.near_duplicates - kSketchMargin) {
      return;
    }
    later_.load_text(*this);
    earlier_.load_text(*this);
    if (later_.record.is_document() != earlier_.record.is_document()) return;
    const double similarity = jaccard(later_.shingles, earlier_.shingles);
    if (similarity < settings_.near_duplicates) return;
    mark(later, Selection::kNearDuplicate);
    if (result_.examples.size() < kMaxExamples) {
      result_.examples.push_back({earlier_.record.id, later_.record.id, similarity});
    }
  }

  std::size_t source_of(std::uint64_t record) const {
    return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), record) -
                                    first_.begin()) -
           1;
  }

  void split() {
    result_.by_source.assign(sources_.size(), {});
    std::uint64_t used = 0, validation = 0;
    // The records nearest to the border, for data so small that one side would stay empty.
    std::uint64_t lowest = 0, highest = 0;
    double lowest_share = 2, highest_share = -1;
    for_each_index([&](std::uint64_t record, const RecordIndex& index, std::size_t source) {
      if (is_duplicate(record)) return;
      const double share =
          static_cast<double>(XXH3_64bits(&index.hash, sizeof index.hash) >> 11) * 0x1p-53;
      if (share < lowest_share) lowest = record, lowest_share = share;
      if (share > highest_share) highest = record, highest_share = share;
      ++used;
      if (share < settings_.validation) {
        mark(record, Selection::kValidation);
        ++validation;
      }
      if (index.language[0] != '\0') {
        ++result_.languages[std::string(index.language,
                                        ::strnlen(index.language, sizeof index.language))];
      }
    });
    if (settings_.validation > 0 && validation == 0 && used > 1)
      mark(lowest, Selection::kValidation);
    if (validation == used && used > 0) mark(highest, Selection::kTrain);
    for (std::size_t s = 0; s < sources_.size(); ++s) {
      for (std::uint64_t i = 0; i < sources_[s].counts.stored; ++i) {
        for (SelectionCounts* counts : {&result_.by_source[s], &result_.total}) {
          switch (static_cast<Selection>(result_.selection[first_[s] + i])) {
            case Selection::kTrain:
              ++counts->train;
              break;
            case Selection::kValidation:
              ++counts->validation;
              break;
            case Selection::kExactDuplicate:
              ++counts->exact_duplicates;
              break;
            case Selection::kNearDuplicate:
              ++counts->near_duplicates;
              break;
          }
        }
      }
    }
  }

  const std::vector<SourceEntry>& sources_;
  const std::vector<fs::path>& folders_;
  const SelectionSettings settings_;
  const fs::path scratch_;
  std::vector<std::uint64_t> first_;  // number of each source's first record
  std::uint64_t records_ = 0;
  SelectionResult result_;
  std::unordered_map<std::string, int> open_;
  std::function<void(std::uint64_t, std::uint64_t)> progress_;
  std::uint64_t pass_ = 0, passes_ = 1;
  std::string line_;
  StoredRecordParser parser_;
  Shingler shingler_;
  Loaded later_, earlier_;
};

}  // namespace

Json SelectionCounts::to_json() const {
  return {{"train", train},
          {"validation", validation},
          {"exact_duplicates", exact_duplicates},
          {"near_duplicates", near_duplicates}};
}

SelectionResult select_records(const std::vector<SourceEntry>& sources,
                               const std::vector<fs::path>& folders,
                               const SelectionSettings& settings, const fs::path& scratch,
                               const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Selector(sources, folders, settings, scratch).run(progress);
}

}  // namespace parley::data
