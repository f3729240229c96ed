#include "data/report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/progress.hpp"
#include "data/stored_reader.hpp"
#include "text/language.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::uint64_t kExact =
    4096;  // values below have a slot each; above, 128 slots for each doubling
constexpr std::uint64_t kPerDoubling = 128;

void add_drop(Report& report, const char* why, std::uint64_t count) {
  if (count > 0) report.dropped.emplace_back(why, count);
}

void give_advice(Report& r) {
  const SelectionCounts& total = r.dataset.total;
  if (total.train < 200) {
    r.advice.push_back(
        "Only " + with_commas(total.train) +
        " records to train on: a model trained from scratch wants thousands of conversations.");
  }
  if (r.conversations == 0) {
    r.advice.push_back(
        "There are documents but no conversations: the model will not learn to answer.");
  }
  if (total.validation < 20 && total.train >= 200) {
    r.advice.push_back(
        "Fewer than 20 records are held out: validation loss will be noisy (data.validation).");
  }
  const std::uint64_t stored = r.dataset.records();
  const std::uint64_t duplicates = total.exact_duplicates + total.near_duplicates;
  if (stored > 0 && duplicates * 4 > stored) {
    r.advice.push_back(fmt::format(
        "{:.0f}% of the records are duplicates: check that no source is exported twice.",
        100.0 * static_cast<double>(duplicates) / static_cast<double>(stored)));
  }
  if (r.imported.changed_bytes > 0) {
    r.advice.push_back(
        with_commas(r.imported.changed_bytes) +
        " documents were not valid UTF-8 and were repaired: convert them for exact text.");
  }
  std::uint64_t looked_at = 0, undetermined = 0;
  for (const auto& [code, count] : r.languages) {
    looked_at += count;
    if (code == "?") undetermined += count;
  }
  if (r.languages.size() > 1 && looked_at > 0) {
    const auto& first = r.languages.front();
    const std::uint64_t others = looked_at - undetermined - (first.first == "?" ? 0 : first.second);
    if (first.first != "?" && others * 10 > looked_at) {
      r.advice.push_back(fmt::format(
          "{:.0f}% of the records are not in {}: more than one language needs more data.",
          100.0 * static_cast<double>(others) / static_cast<double>(looked_at),
          text::language_name(first.first)));
    }
  }
}

void measure(Report& r, const Record& record) {
  if (record.is_document()) {
    ++r.documents;
    r.document_chars.add(text::count_code_points(record.text));
    r.text_bytes += record.text.size();
    return;
  }
  ++r.conversations;
  std::uint64_t chars = 0, turns = 0;
  bool asked = false, system = false;
  for (const auto& message : record.messages) {
    const std::uint64_t n = text::count_code_points(message.content);
    chars += n;
    r.text_bytes += message.content.size();
    if (message.role == "user") {
      r.user_chars.add(n);
      asked = true;
    } else if (message.role == "assistant") {
      r.assistant_chars.add(n);
      r.assistant_bytes += message.content.size();
      turns += asked;
      asked = false;
    } else {
      system = true;
    }
  }
  r.with_system += system;
  r.turns.add(turns);
  r.messages.add(record.messages.size());
  r.conversation_chars.add(chars);
}

}  // namespace

std::size_t Histogram::slot(std::uint64_t value) {
  if (value < kExact) return value;
  const int doubling = std::bit_width(value) - std::bit_width(kExact);  // 0 from 4,096 on
  const std::uint64_t start = kExact << doubling;
  const std::uint64_t within = (value - start) / ((start + kPerDoubling - 1) / kPerDoubling);
  return kExact + static_cast<std::size_t>(doubling) * kPerDoubling + within;
}

std::uint64_t Histogram::slot_start(std::size_t slot) {
  if (slot < kExact) return slot;
  const std::size_t doubling = (slot - kExact) / kPerDoubling;
  const std::uint64_t start = kExact << doubling;
  return start + (slot - kExact) % kPerDoubling * (start / kPerDoubling);
}

void Histogram::add(std::uint64_t value) {
  const std::size_t at = slot(value);
  if (at >= slots_.size()) slots_.resize(at + 1);
  ++slots_[at];
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

std::uint64_t Histogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    seen += slots_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min(slot_start(i), max_);
  }
  return max_;
}

std::vector<Histogram::Bucket> Histogram::buckets(std::size_t most) const {
  if (count_ == 0 || most == 0) return {};
  std::uint64_t low = 0;
  while (low < slots_.size() && slots_[low] == 0) ++low;
  low = slot_start(low);
  const std::uint64_t high = std::max(quantile(0.99), low);
  std::uint64_t width = 1;  // 1, 2, 5, 10, 20, 50, …
  for (int step = 0; (high / width) - (low / width) + 1 > most; ++step)
    width = step % 3 == 1 ? width / 2 * 5 : width * 2;
  std::vector<Bucket> buckets;
  for (std::uint64_t from = low / width * width; from <= high; from += width)
    buckets.push_back({from, from + width - 1, 0});
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i] == 0) continue;
    const std::size_t at = static_cast<std::size_t>(slot_start(i) / width - low / width);
    buckets[std::min(at, buckets.size() - 1)].count += slots_[i];
  }
  buckets.back().to = std::max(buckets.back().to, max_);
  return buckets;
}

Json Histogram::to_json() const {
  Json list = Json::array();
  for (const Bucket& b : buckets(20))
    list.push_back({{"from", b.from}, {"to", b.to}, {"count", b.count}});
  return {{"count", count_},       {"mean", mean()}, {"median", quantile(0.5)},
          {"p95", quantile(0.95)}, {"max", max_},    {"buckets", list}};
}

std::string with_commas(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

Report make_report(const std::string& project, const std::filesystem::path& dataset_dir) {
  Report report;
  report.project = project;
  report.dataset = load_dataset_info(dataset_dir);
  for (const auto& source : report.dataset.sources) report.imported.add(source.counts);
  Progress progress("read", report.dataset.used(), "records");
  StoredReader reader(dataset_dir, report.dataset);
  StoredRecordParser parser;
  StoredReader::Line line;
  Record record;
  for (std::uint64_t used = 0; reader.next(line);) {
    if (line.selection > Selection::kValidation) continue;
    parser.parse(line.json, record);
    measure(report, record);
    if (++used % 1024 == 0) progress.update(used);
  }
  for (const auto& [code, count] : report.dataset.languages)
    report.languages.emplace_back(code, count);
  std::sort(report.languages.begin(), report.languages.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  add_drop(report, "exact duplicate of another record", report.dataset.total.exact_duplicates);
  add_drop(report, "near duplicate of another record", report.dataset.total.near_duplicates);
  add_drop(report, "no message of the assistant to learn from", report.imported.dropped_no_reply);
  add_drop(report, "nobody asks", report.imported.dropped_unasked);
  add_drop(report, "no text left after cleaning", report.imported.dropped_empty);
  add_drop(report, "malformed, skipped", report.imported.bad);
  give_advice(report);
  return report;
}

Json report_json(const Report& r) {
  Json sources = Json::array();
  for (std::size_t i = 0; i < r.dataset.sources.size(); ++i) {
    const SourceEntry& s = r.dataset.sources[i];
    std::uint64_t bytes = 0;
    for (const auto& file : s.files) bytes += file.at("bytes").get<std::uint64_t>();
    sources.push_back({{"name", s.name},
                       {"origin", s.from_project ? "project" : "added"},
                       {"files", s.files.size()},
                       {"bytes", bytes},
                       {"counts", s.counts.to_json()},
                       {"selected", r.dataset.by_source[i].to_json()},
                       {"bad", s.bad},
                       {"notes", s.notes},
                       {"unread", s.unread},
                       {"ignored", s.ignored}});
  }
  Json languages = Json::object();
  for (const auto& [code, count] : r.languages) languages[code] = count;
  Json dropped = Json::array();
  for (const auto& [why, count] : r.dropped)
    dropped.push_back({{"reason", why}, {"records", count}});
  Json examples = Json::array();
  for (const auto& e : r.dataset.examples) {
    examples.push_back({{"kept", e.kept}, {"dropped", e.dropped}, {"similarity", e.similarity}});
  }
  return {{"project", r.project},
          {"dataset", r.dataset.address},
          {"selected", r.dataset.total.to_json()},
          {"conversations", r.conversations},
          {"documents", r.documents},
          {"with_system_message", r.with_system},
          {"text_bytes", r.text_bytes},
          {"assistant_bytes", r.assistant_bytes},
          {"imported", r.imported.to_json()},
          {"lengths",
           {{"turns", r.turns.to_json()},
            {"messages", r.messages.to_json()},
            {"conversation_chars", r.conversation_chars.to_json()},
            {"user_chars", r.user_chars.to_json()},
            {"assistant_chars", r.assistant_chars.to_json()},
            {"document_chars", r.document_chars.to_json()}}},
          {"languages", languages},
          {"dropped", dropped},
          {"near_duplicate_examples", examples},
          {"sources", sources},
          {"advice", r.advice}};
}

}  // namespace parley::data
