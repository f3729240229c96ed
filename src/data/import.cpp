#include "data/import.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"
#include "data/pipeline.hpp"
#include "data/sources/csv_source.hpp"
#include "data/sources/document_source.hpp"
#include "data/sources/json_source.hpp"
#include "dialogue/grammar.hpp"

namespace parley::data {
namespace {
namespace fs = std::filesystem;

constexpr std::uint64_t kPartBytes = 256'000'000;
// Raw bytes between the reader and the writer. Each costs about five bytes of memory at its worst:
// the chunk, the parser's tables, the cleaned strings, the stored lines.
constexpr std::size_t kBytesInFlight = 8'000'000;

// A new file that is hashed while it is written.
class HashedFile {
 public:
  explicit HashedFile(fs::path path)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wbe")) {
    if (!file_)
      fail_errno("cannot create " + path_.string(), errno, "check the disk and the permissions");
  }
  ~HashedFile() {
    if (file_) std::fclose(file_);
  }
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;

  void write(const void* data, std::size_t size) {
    if (size > 0 && std::fwrite(data, 1, size, file_) != size) fail_write();
    hash_.update(data, size);
    size_ += size;
  }
  std::uint64_t size() const { return size_; }

  // Flushes to disk; returns {"bytes", "sha256"}.
  Json close() {
    std::FILE* file = std::exchange(file_, nullptr);
    const bool good = std::fflush(file) == 0 && ::fsync(::fileno(file)) == 0;
    const int error = errno;
    std::fclose(file);
    if (!good) fail_write(error);
    return {{"bytes", size_}, {"sha256", hash_.hex()}};
  }

 private:
  [[noreturn]] void fail_write(int error = errno) {
    fail_errno("cannot write " + path_.string(), error,
               "free some disk space and run the command again; the dataset is as it was");
  }
  fs::path path_;
  std::FILE* file_;
  std::uint64_t size_ = 0;
  Sha256 hash_;
};

class SourceWriter {
 public:
  SourceWriter(fs::path folder, SourceEntry& entry)
      : folder_(std::move(folder)), entry_(entry), index_(folder_ / "index.bin") {
    next_part();
  }

  void write(PreparedChunk&& chunk) {
    if (part_->size() > 0 && part_->size() + chunk.lines.size() > kPartBytes) {
      end_part();
      next_part();
    }
    for (RecordIndex& index : chunk.index) {
      index.offset += part_->size();
      index.part = static_cast<std::uint32_t>(parts_ - 1);
    }
    part_->write(chunk.lines.data(), chunk.lines.size());
    index_.write(chunk.index.data(), chunk.index.size() * sizeof(RecordIndex));
    entry_.counts.add(chunk.counts);
    for (auto& bad : chunk.bad) {
      if (entry_.bad.size() < kMaxListed) entry_.bad.push_back(std::move(bad));
    }
    for (auto& note : chunk.notes) {
      if (entry_.notes.size() < kMaxListed) entry_.notes.push_back(std::move(note));
    }
    add_unread(entry_.unread, chunk.unread);
  }

  void close() {
    end_part();
    entry_.stored["index.bin"] = index_.close();
    sync_folder(folder_);
    entry_.folder = "sources/" + sha256_hex(to_text(entry_.stored)).substr(0, 16);
  }

 private:
  void next_part() { part_ = std::make_unique<HashedFile>(folder_ / part_name(parts_++)); }
  void end_part() { entry_.stored[part_name(parts_ - 1)] = part_->close(); }

  fs::path folder_;
  SourceEntry& entry_;
  HashedFile index_;
  std::unique_ptr<HashedFile> part_;
  std::size_t parts_ = 0;
};

void read_file_source(const SourceFile& source, const ReadOptions& options, Json& files,
                      const PushChunk& push) {
  InputFile file(source.path, source.shown);
  switch (source.format) {
    case Format::kOpenAi:
      read_json_source(file, JsonShape::kOpenAi, source.by_lines, push);
      break;
    case Format::kShareGpt:
      read_json_source(file, JsonShape::kShareGpt, source.by_lines, push);
      break;
    case Format::kJsonLines:
    case Format::kJsonValues:
      read_json_source(file, JsonShape::kAny, source.by_lines, push);
      break;
    case Format::kCsv:
      read_csv_source(file, options, push);
      break;
    case Format::kPlain:
    case Format::kMarkdown:
    case Format::kHtml:
      read_document_source(file, source, options, push);
      break;
  }
  files.push_back(
      {{"path", source.shown}, {"bytes", file.bytes_read()}, {"sha256", file.sha256()}});
}

void read_grammar_source(const fs::path& root, const SourceSpec& spec, const PushChunk& push) {
  const auto shown = std::make_shared<std::string>(spec.name);
  Chunk chunk;
  bool going = true;
  const auto flush = [&] {
    if (!going || chunk.records.empty()) return;
    chunk.file = shown;
    chunk.input_bytes = chunk.records.size();  // progress of grammars counts dialogues
    going = push(std::move(chunk));
    chunk = {};
  };
  dialogue::generate_dialogues(root / spec.grammar, spec.count, spec.seed,
                               [&](dialogue::Dialogue&& written) {
                                 OwnedRecord& owned = chunk.records.emplace_back();
                                 owned.id = std::move(written.id);
                                 for (auto& message : written.messages) {
                                   const Role role = message.role == "assistant" ? Role::kAssistant
                                                     : message.role == "system"  ? Role::kSystem
                                                                                 : Role::kUser;
                                   chunk.used += message.content.size();
                                   owned.messages.push_back({role, std::move(message.content)});
                                 }
                                 if (chunk.records.size() >= 256) flush();
                               });
  flush();
}

}  // namespace

Json SourceSpec::settings() const {
  Json json = {{"format", format}, {"skip_bad", skip_bad}};
  if (!columns.empty()) json["columns"] = columns;
  if (!speakers.empty()) json["speakers"] = speakers;
  if (!grammar.empty()) json = {{"count", count}, {"seed", seed}};
  return json;
}

Json SourceEntry::to_json() const {
  return {{"name", name},
          {"origin", from_project ? "project" : "added"},
          {"settings", settings},
          {"files", files},
          {"ignored", ignored},
          {"bad", bad},
          {"notes", notes},
          {"unread", unread},
          {"counts", counts.to_json()},
          {"folder", folder},
          {"stored", stored}};
}

SourceEntry SourceEntry::from_json(const Json& json) {
  SourceEntry entry;
  entry.name = json.at("name").get<std::string>();
  entry.from_project = json.at("origin") == "project";
  entry.settings = json.at("settings");
  entry.files = json.at("files");
  entry.ignored = json.at("ignored").get<std::vector<std::string>>();
  entry.bad = json.at("bad").get<std::vector<std::string>>();
  entry.notes = json.at("notes").get<std::vector<std::string>>();
  entry.unread = json.at("unread").get<std::map<std::string, std::uint64_t>>();
  entry.counts = ImportCounts::from_json(json.at("counts"));
  entry.folder = json.at("folder").get<std::string>();
  entry.stored = json.at("stored");
  return entry;
}

std::string part_name(std::size_t part) {
  return fmt::format("part-{:04}.jsonl", part);
}

SourceEntry import_source(const fs::path& root, const SourceSpec& spec,
                          const SourceListing& listing, const fs::path& folder,
                          const ImportProgress& progress) {
  SourceEntry entry;
  entry.name = spec.name;
  entry.from_project = spec.from_project;
  entry.settings = spec.settings();
  entry.ignored = listing.ignored;
  const ReadOptions options(spec.columns, spec.speakers);
  fs::create_directories(folder);
  SourceWriter writer(folder, entry);

  struct Work {
    Chunk chunk;
    std::uint64_t sequence;
  };
  const int workers = usable_cpus();
  std::vector<std::unique_ptr<ChunkPreparer>> preparers;
  for (int i = 0; i < workers; ++i)
    preparers.push_back(std::make_unique<ChunkPreparer>(spec.skip_bad, options));
  OrderedPipeline<Work, PreparedChunk> pipeline(workers, kBytesInFlight);
  std::uint64_t done = 0;
  pipeline.run(
      [&](const auto& push) {
        std::uint64_t sequence = 0;
        const PushChunk push_chunk = [&](Chunk&& chunk) {
          const std::size_t weight = chunk.used + 1000;
          return push({std::move(chunk), sequence++}, weight);
        };
        if (!spec.grammar.empty()) {
          read_grammar_source(root, spec, push_chunk);
          return;
        }
        for (const SourceFile& file : listing.files)
          read_file_source(file, options, entry.files, push_chunk);
      },
      [&](int worker, Work&& work) {
        return preparers[static_cast<std::size_t>(worker)]->prepare(
            work.chunk, work.sequence < kFullLanguageChunks);
      },
      [&](PreparedChunk&& chunk) {
        done += chunk.input_bytes;
        writer.write(std::move(chunk));
        if (progress) progress(done);
      });
  writer.close();
  return entry;
}

}  // namespace parley::data
