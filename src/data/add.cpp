#include "data/add.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {
namespace {
namespace fs = std::filesystem;

constexpr int kVersion = 2;  // of the stored form; raise it when cleaning or the index changes

// One import at a time, and a scratch folder that is gone afterwards.
class Workshop {
 public:
  explicit Workshop(const fs::path& dataset) : scratch_(dataset / ".importing") {
    std::error_code error;
    fs::create_directories(dataset, error);
    if (error)
      fail_errno("cannot create " + dataset.string(), error.value(), "check the permissions");
    lock_ = ::open((dataset / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0)
      fail_errno("cannot write in " + dataset.string(), errno, "check the permissions");
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock_);
      fail(ErrorKind::kConflict, "another `parley data add` is working on " + dataset.string(),
           "wait until it has ended");
    }
    fs::remove_all(scratch_);
    fs::create_directories(scratch_);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(scratch_, ignored);
    ::close(lock_);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const fs::path& scratch() const { return scratch_; }

 private:
  fs::path scratch_;
  int lock_;
};

Manifest make_manifest(const DatasetInfo& info, const Json& selection_entry) {
  Manifest manifest;
  manifest.kind = "dataset";
  Json sources = Json::array();
  for (std::size_t i = 0; i < info.sources.size(); ++i) {
    const SourceEntry& source = info.sources[i];
    for (const auto& [name, entry] : source.stored.items())
      manifest.files[source.folder + "/" + name] = entry;
    Json json = source.to_json();
    json["selected"] = info.by_source[i].to_json();
    sources.push_back(std::move(json));
    Json hashes = Json::array();
    for (const auto& file : source.files) hashes.push_back(file.at("sha256"));
    manifest.parents["source:" + source.name] = sha256_hex(to_text(hashes));
  }
  manifest.files[info.selection_file] = selection_entry;
  Json examples = Json::array();
  for (const auto& e : info.examples) {
    examples.push_back({{"kept", e.kept}, {"dropped", e.dropped}, {"similarity", e.similarity}});
  }
  manifest.facts = {{"version", kVersion},
                    {"settings",
                     {{"validation", info.settings.validation},
                      {"near_duplicates", info.settings.near_duplicates}}},
                    {"sources", std::move(sources)},
                    {"selected", info.total.to_json()},
                    {"selection", info.selection_file},
                    {"languages", info.languages},
                    {"near_duplicate_examples", std::move(examples)}};
  return manifest;
}

SelectionCounts selected_from(const Json& json) {
  return {json.at("train").get<std::uint64_t>(), json.at("validation").get<std::uint64_t>(),
          json.at("exact_duplicates").get<std::uint64_t>(),
          json.at("near_duplicates").get<std::uint64_t>()};
}

// What of two datasets decides that they are the same.
Json essence(const DatasetInfo& info) {
  Json sources = Json::array();
  for (const auto& source : info.sources) sources.push_back(source.to_json());
  return {{"sources", sources},
          {"validation", info.settings.validation},
          {"near_duplicates", info.settings.near_duplicates}};
}

// True if `entry` came from exactly these files with these settings, byte for byte.
bool is_current(const SourceEntry& entry, const SourceSpec& spec, const SourceListing& listing) {
  if (!spec.grammar.empty() || entry.settings != spec.settings() ||
      entry.files.size() != listing.files.size() || entry.ignored != listing.ignored) {
    return false;
  }
  for (std::size_t i = 0; i < listing.files.size(); ++i) {
    std::error_code error;
    if (entry.files[i].at("path") != listing.files[i].shown ||
        entry.files[i].at("bytes") != fs::file_size(listing.files[i].path, error)) {
      return false;
    }
  }
  for (std::size_t i = 0; i < listing.files.size(); ++i) {
    if (entry.files[i].at("sha256") != hash_input(listing.files[i].path)) return false;
  }
  return true;
}

// The sources parley.yaml lists.
std::vector<SourceSpec> project_specs(const fs::path& root, const DataSettings& settings) {
  std::vector<SourceSpec> specs;
  for (const DataSource& source : settings.sources) {
    SourceSpec spec;
    spec.from_project = true;
    spec.path = source.path;
    spec.grammar = source.grammar;
    spec.format = source.format.empty() ? "auto" : source.format;
    spec.columns = source.columns;
    spec.speakers = source.speakers;
    spec.count = source.count;
    spec.seed = source.seed;
    spec.name = source_name(root, source.grammar.empty() ? source.path : source.grammar);
    // One grammar may be listed twice, with other seeds.
    const auto times = std::count_if(
        settings.sources.begin(),
        settings.sources.begin() + static_cast<std::ptrdiff_t>(specs.size()),
        [&](const DataSource& s) { return s.path == source.path && s.grammar == source.grammar; });
    if (times > 0) spec.name += " #" + std::to_string(times + 1);
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::vector<SourceSpec> wanted_specs(const fs::path& root, const DataSettings& settings,
                                     const AddRequest& request) {
  std::vector<SourceSpec> listed = project_specs(root, settings);
  if (request.paths.empty()) {
    if (listed.empty()) {
      fail(ErrorKind::kUsage, "nothing to add: parley.yaml lists no data.sources",
           "name some: parley data add chats.jsonl docs/ — or list them under data.sources");
    }
    if (!request.format.empty() || !request.columns.empty() || !request.speakers.empty()) {
      fail(ErrorKind::kUsage, "--format, --columns and --speakers need a PATH",
           "name the files they are for, or set `format`, `columns` and `speakers` of the source "
           "in parley.yaml");
    }
    for (auto& spec : listed) spec.skip_bad = request.skip_bad;
    return listed;
  }
  std::vector<SourceSpec> specs;
  for (const std::string& path : request.paths) {
    const fs::path base = request.base.empty() ? root : request.base;
    const std::string name =
        source_name(root, fs::path(path).is_absolute() ? fs::path(path) : base / path);
    const auto same = [&](const SourceSpec& spec) { return spec.name == name; };
    if (std::any_of(specs.begin(), specs.end(), same)) continue;
    const auto found = std::find_if(listed.begin(), listed.end(), same);
    SourceSpec spec;
    if (found != listed.end()) {
      spec = *found;
    } else {
      spec.name = name;
      spec.path = name;
    }
    if (!request.format.empty()) spec.format = request.format;
    if (!request.columns.empty()) spec.columns = request.columns;
    if (!request.speakers.empty()) spec.speakers = request.speakers;
    spec.skip_bad = request.skip_bad;
    specs.push_back(std::move(spec));
  }
  return specs;
}

void check_usable(const SourceEntry& source) {
  const ImportCounts& c = source.counts;
  if (c.stored > 0) return;
  std::string why;
  const auto say = [&](std::uint64_t count, const char* what) {
    if (count > 0) why += (why.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  say(c.bad, "malformed");
  say(c.dropped_no_reply, "without a message of the assistant to learn from");
  say(c.dropped_unasked, "in which nobody asks");
  say(c.dropped_empty, "without any text");
  fail(ErrorKind::kInvalidInput,
       source.name + ": no usable record" +
           (why.empty() ? std::string(": it holds none") : " (" + why + ")"),
       source.bad.empty() ? "every conversation needs a message of the user and a reply of the "
                            "assistant to learn from; the dataset is as it was"
                          : "the first: " + source.bad.front());
}

// What the user says about columns must be about something.
void check_options(const SourceSpec& spec, const SourceListing& listing) {
  if (spec.columns.empty()) return;
  const auto is_document = [](const SourceFile& file) {
    return file.format == Format::kPlain || file.format == Format::kMarkdown ||
           file.format == Format::kHtml;
  };
  if (!std::all_of(listing.files.begin(), listing.files.end(), is_document)) return;
  fail(ErrorKind::kUsage,
       spec.name + ": --columns is for tables and JSON records, and there are only documents",
       "leave it out; who says what in a document's speaker lines is told by --speakers "
       "user=NAME,assistant=NAME");
}

[[noreturn]] void fail_nothing_there(const std::vector<std::string>& absent) {
  std::string paths;
  for (const std::string& path : absent) paths += (paths.empty() ? "" : ", ") + path;
  fail(ErrorKind::kNotFound, "there is no data yet: nothing is in " + paths,
       "put conversations (.jsonl, .json, .csv) or documents (.md, .html, .txt) there, as "
       "data.sources of parley.yaml lists it, or name files: parley data add PATH");
}

class Builder {
 public:
  Builder(const ProjectFolder& project, const DataSettings& settings)
      : root_(project.root),
        settings_(settings),
        dataset_(project.dataset_dir()),
        workshop_(dataset_) {
    if (fs::exists(dataset_ / "manifest.json")) old_ = load_dataset_info(dataset_);
  }

  const DatasetInfo& old() const { return old_; }

  // Imports what is new or changed; keeps the other sources.
  AddResult add(const std::vector<SourceSpec>& specs, bool only_these_of_project) {
    const double start = Clock::system().monotonic_s();
    AddResult result;
    std::vector<SourceEntry> sources;
    for (const SourceEntry& source : old_.sources) {
      const bool replaced = std::any_of(specs.begin(), specs.end(), [&](const SourceSpec& spec) {
        return spec.name == source.name;
      });
      if (!replaced && !(only_these_of_project && source.from_project)) sources.push_back(source);
    }
    for (const SourceSpec& spec : specs) {
      SourceListing listing;
      if (spec.grammar.empty()) {
        if (only_these_of_project && is_absent(root_, spec.path)) {
          result.absent.push_back(spec.path);
          continue;
        }
        listing = list_source(root_, spec.path, spec.format);
        check_options(spec, listing);
      }
      const auto found = std::find_if(old_.sources.begin(), old_.sources.end(),
                                      [&](const SourceEntry& s) { return s.name == spec.name; });
      if (found != old_.sources.end() && is_current(*found, spec, listing)) {
        sources.push_back(*found);
        sources.back().from_project = spec.from_project;
        continue;
      }
      sources.push_back(import(spec, listing));
      check_usable(sources.back());
      result.imported.push_back(spec.name);
      for (const auto& file : sources.back().files)
        result.bytes += file.at("bytes").get<std::uint64_t>();
    }
    if (sources.empty()) fail_nothing_there(result.absent);
    finish(std::move(sources), result);
    result.seconds = Clock::system().monotonic_s() - start;
    return result;
  }

  AddResult keep(std::vector<SourceEntry> sources) {
    AddResult result;
    finish(std::move(sources), result);
    return result;
  }

 private:
  SourceEntry import(const SourceSpec& spec, const SourceListing& listing) {
    std::uint64_t total = static_cast<std::uint64_t>(spec.count);
    if (spec.grammar.empty()) {
      total = 0;
      std::error_code error;
      for (const auto& file : listing.files) total += fs::file_size(file.path, error);
    }
    Progress progress(spec.grammar.empty() ? "import" : "generate", total,
                      spec.grammar.empty() ? "B" : "dialogues");
    const fs::path folder = workshop_.scratch() / ("source-" + std::to_string(imports_++));
    SourceEntry entry = import_source(root_, spec, listing, folder, [&](std::uint64_t done) {
      progress.update(done, spec.name);
    });
    staged_[entry.folder] = folder;
    return entry;
  }

  fs::path folder_of(const SourceEntry& source) const {
    const auto found = staged_.find(source.folder);
    return found != staged_.end() ? found->second : dataset_ / source.folder;
  }

  void finish(std::vector<SourceEntry> sources, AddResult& result) {
    // The order of sources decides which of two duplicates stays, so it must not depend on the
    // order of commands: the project's in the order of parley.yaml, then the added ones by name.
    std::map<std::string, std::size_t> place;
    for (const auto& spec : project_specs(root_, settings_)) place.emplace(spec.name, place.size());
    std::sort(sources.begin(), sources.end(), [&](const SourceEntry& a, const SourceEntry& b) {
      const auto rank = [&](const SourceEntry& s) {
        const auto found = place.find(s.name);
        return std::pair(found == place.end() ? place.size() : found->second, s.name);
      };
      return rank(a) < rank(b);
    });
    DatasetInfo& info = result.dataset;
    info.sources = std::move(sources);
    info.settings = {settings_.validation, settings_.near_duplicates};
    if (!old_.address.empty() && essence(info) == essence(old_)) {
      info = old_;
      return;
    }
    select(info);
    commit(info);
    result.changed = true;
  }

  void select(DatasetInfo& info) {
    std::vector<fs::path> folders;
    for (const auto& source : info.sources) folders.push_back(folder_of(source));
    std::uint64_t records = 0;
    for (const auto& source : info.sources) records += source.counts.stored;
    Progress progress("compare", 0, "records");
    SelectionResult selected =
        select_records(info.sources, folders, info.settings, workshop_.scratch(),
                       [&](std::uint64_t done, std::uint64_t total) {
                         progress.update(done * records / std::max<std::uint64_t>(total, 1));
                       });
    info.total = selected.total;
    info.by_source = std::move(selected.by_source);
    info.languages = std::move(selected.languages);
    info.examples = std::move(selected.examples);
    const std::string_view bytes(reinterpret_cast<const char*>(selected.selection.data()),
                                 selected.selection.size());
    const std::string hash = sha256_hex(bytes);
    info.selection_file = "selection-" + hash.substr(0, 16) + ".bin";
    selection_entry_ = {{"bytes", bytes.size()}, {"sha256", hash}};
    write_file_atomically(dataset_ / info.selection_file, bytes);
  }

  void commit(DatasetInfo& info) {
    fs::create_directories(dataset_ / "sources");
    for (const auto& [name, folder] : staged_) {
      std::error_code error;
      fs::rename(folder, dataset_ / name, error);
      if (error && !fs::exists(dataset_ / name / "index.bin")) {
        fail_errno("cannot move an import to " + (dataset_ / name).string(), error.value(),
                   "check the disk");
      }
    }
    sync_folder(dataset_ / "sources");
    const Manifest manifest = make_manifest(info, selection_entry_);
    info.address = manifest.address();
    manifest.save(dataset_ / "manifest.json");
    collect_garbage(manifest);
  }

  // What the manifest no longer names.
  void collect_garbage(const Manifest& manifest) {
    std::set<std::string> used;
    for (const auto& [name, entry] : manifest.files.items())
      used.insert(fs::path(name).parent_path().string());
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(dataset_ / "sources", error)) {
      if (!used.count("sources/" + entry.path().filename().string()))
        fs::remove_all(entry.path(), error);
    }
    for (const auto& entry : fs::directory_iterator(dataset_, error)) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("selection-", 0) == 0 && !manifest.files.contains(name))
        fs::remove(entry.path(), error);
    }
  }

  const fs::path root_;
  const DataSettings& settings_;
  fs::path dataset_;
  Workshop workshop_;
  DatasetInfo old_;
  std::map<std::string, fs::path> staged_;  // entry.folder -> where it is now
  int imports_ = 0;
  Json selection_entry_;
};

}  // namespace

std::uint64_t DatasetInfo::records() const {
  std::uint64_t sum = 0;
  for (const auto& source : sources) sum += source.counts.stored;
  return sum;
}

DatasetInfo load_dataset_info(const fs::path& dataset_dir) {
  const fs::path path = dataset_dir / "manifest.json";
  if (!fs::exists(path)) {
    fail(ErrorKind::kNotFound, "there is no dataset in " + dataset_dir.string(),
         "run `parley data add` first");
  }
  const Manifest manifest = Manifest::load(path);
  DatasetInfo info;
  info.address = manifest.address();
  try {
    const Json& facts = manifest.facts;
    if (facts.at("version") != kVersion) {
      fail(ErrorKind::kInvalidInput, path.string() + ": made by another version of parley",
           "delete " + dataset_dir.string() + " and run `parley data add`");
    }
    info.settings.validation = facts.at("settings").at("validation").get<double>();
    info.settings.near_duplicates = facts.at("settings").at("near_duplicates").get<double>();
    for (const auto& source : facts.at("sources")) {
      info.sources.push_back(SourceEntry::from_json(source));
      info.by_source.push_back(selected_from(source.at("selected")));
    }
    info.total = selected_from(facts.at("selected"));
    info.selection_file = facts.at("selection").get<std::string>();
    info.languages = facts.at("languages").get<std::map<std::string, std::uint64_t>>();
    for (const auto& e : facts.at("near_duplicate_examples")) {
      info.examples.push_back({e.at("kept").get<std::string>(), e.at("dropped").get<std::string>(),
                               e.at("similarity").get<double>()});
    }
  } catch (const Json::exception& e) {
    fail(ErrorKind::kInvalidInput, path.string() + ": not a dataset: " + e.what(),
         "delete " + dataset_dir.string() + " and run `parley data add`");
  }
  return info;
}

AddResult add_data(const ProjectFolder& project, const DataSettings& settings,
                   const AddRequest& request) {
  const std::vector<SourceSpec> specs = wanted_specs(project.root, settings, request);
  return Builder(project, settings).add(specs, request.paths.empty());
}

AddResult remove_data(const ProjectFolder& project, const DataSettings& settings,
                      const std::vector<std::string>& names) {
  Builder builder(project, settings);
  std::vector<SourceEntry> sources = builder.old().sources;
  for (const std::string& given : names) {
    const std::string name = source_name(project.root, given);
    const auto found = std::find_if(sources.begin(), sources.end(), [&](const SourceEntry& s) {
      return s.name == given || s.name == name;
    });
    if (found == sources.end()) {
      std::string there;
      for (const auto& source : sources) there += (there.empty() ? "" : ", ") + source.name;
      fail(ErrorKind::kNotFound, "the dataset has no source \"" + given + "\"",
           there.empty() ? "it has no sources" : "it has " + there);
    }
    sources.erase(found);
  }
  if (sources.empty()) {
    fail(ErrorKind::kInvalidInput, "that would leave the dataset empty",
         "delete " + project.dataset_dir().string() + " to start over");
  }
  return builder.keep(std::move(sources));
}

}  // namespace parley::data
