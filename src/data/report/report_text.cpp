// The report for a terminal, and the closing lines of an import.
#include <fmt/format.h>

#include <algorithm>

#include "base/progress.hpp"
#include "data/report/report.hpp"
#include "text/language.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::size_t kBarWidth = 36;

// `share` of the width in eighths of a column.
std::string bar(double share) {
  static constexpr const char* kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(share * kBarWidth * 8 + 0.5);
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += "█";
  out += kEighths[eighths % 8];
  return out.empty() && share > 0 ? "▏" : out;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "0%";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (part > 0 && share < 0.1) return "<0.1%";
  return share < 10 ? fmt::format("{:.1f}%", share) : fmt::format("{:.0f}%", share);
}

std::string range(const Histogram::Bucket& b) {
  return b.from == b.to ? with_commas(b.from) : with_commas(b.from) + "–" + with_commas(b.to);
}

void chart(std::string& out, const std::string& title, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  out += fmt::format("\n{}: median {}, mean {:.1f}, 95% up to {}, longest {}\n", title,
                     with_commas(histogram.quantile(0.5)), histogram.mean(),
                     with_commas(histogram.quantile(0.95)), with_commas(histogram.max()));
  const auto buckets = histogram.buckets(10);
  std::uint64_t most = 1;
  std::size_t width = 0;
  for (const auto& b : buckets) {
    most = std::max(most, b.count);
    width = std::max(width, text::count_code_points(range(b)));
  }
  for (const auto& b : buckets) {
    const std::string label = range(b);
    out += "  " + std::string(width - text::count_code_points(label), ' ') + label + "  " +
           bar(static_cast<double>(b.count) / static_cast<double>(most)) + " " +
           with_commas(b.count) + "\n";
  }
}

// What was made of a source, and what of it has no place in the dataset.
void remarks(std::string& out, const SourceEntry& source) {
  for (std::size_t n = 0; n < std::min<std::size_t>(source.notes.size(), 5); ++n) {
    out += "    " + source.notes[n] + "\n";
  }
  if (source.notes.size() > 5) {
    out += fmt::format("    … and {} more notes, listed by `parley data report --json`\n",
                       source.notes.size() - 5);
  }
  std::string unread;
  for (const auto& [field, count] : source.unread) {
    unread += fmt::format("{}{} ({})", unread.empty() ? "" : ", ", text::utf8_prefix(field, 60),
                          with_commas(count));
  }
  if (!unread.empty()) out += "    not read, and in how many records: " + unread + "\n";
  const ImportCounts& counts = source.counts;
  if (counts.openings > 0) {
    out += fmt::format(
        "    {} messages of the assistant before the first question: context, not learned\n",
        with_commas(counts.openings));
  }
  if (counts.weight_zero > 0) {
    out += fmt::format("    {} messages of the assistant with weight 0: context, not learned\n",
                       with_commas(counts.weight_zero));
  }
  if (counts.tool_messages > 0) {
    out += fmt::format("    {} tool messages left out of conversations\n",
                       with_commas(counts.tool_messages));
  }
  if (counts.empty_messages > 0) {
    out += fmt::format("    {} empty messages left out of conversations\n",
                       with_commas(counts.empty_messages));
  }
}

void sources(std::string& out, const Report& r) {
  out += "\nSources\n";
  for (std::size_t i = 0; i < r.dataset.sources.size(); ++i) {
    const SourceEntry& source = r.dataset.sources[i];
    const SelectionCounts& selected = r.dataset.by_source[i];
    out += fmt::format(
        "  {}: {} of {} records used{}\n", source.name,
        with_commas(selected.train + selected.validation),
        with_commas(source.counts.records + source.counts.bad),
        source.ignored.empty() ? "" : fmt::format(", {} files ignored", source.ignored.size()));
    for (std::size_t b = 0; b < std::min<std::size_t>(source.bad.size(), 5); ++b) {
      out += "    skipped " + source.bad[b] + "\n";
    }
    if (source.counts.bad > 5)
      out += fmt::format("    … and {} more\n", with_commas(source.counts.bad - 5));
    remarks(out, source);
  }
}

void drops(std::string& out, const Report& r) {
  out += "\nDropped\n";
  if (r.dropped.empty()) out += "  nothing\n";
  const std::uint64_t all = r.imported.records + r.imported.bad;
  for (const auto& [why, count] : r.dropped) {
    out += fmt::format("  {:>10}  {:>6}  {}\n", with_commas(count), percent(count, all), why);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(r.dataset.examples.size(), 3); ++i) {
    const auto& e = r.dataset.examples[i];
    out += fmt::format("      e.g. {} is {:.0f}% the same as {}\n", e.dropped, e.similarity * 100,
                       e.kept);
  }
}

void cleaning(std::string& out, const ImportCounts& c) {
  out += fmt::format("\nCleaning looked at {} texts and changed\n", with_commas(c.texts));
  const std::pair<std::uint64_t, const char*> lines[] = {
      {c.changed_space, "white space"},
      {c.changed_entities, "HTML entities"},
      {c.changed_nfc, "Unicode form (NFC)"},
      {c.changed_characters, "control or invisible characters"},
      {c.changed_bytes, "invalid UTF-8"}};
  bool any = false;
  for (const auto& [count, what] : lines) {
    if (count > 0)
      out +=
          fmt::format("  {:>10}  {:>6}  {}\n", with_commas(count), percent(count, c.texts), what);
    any = any || count > 0;
  }
  if (!any) out += "  nothing\n";
}

}  // namespace

std::string report_text(const Report& r) {
  const SelectionCounts& total = r.dataset.total;
  std::string out = fmt::format(
      "Dataset of {}  ({})\n\n"
      "  {:>12}  conversations ({} with a system message)\n"
      "  {:>12}  documents\n"
      "  {:>12}  for training, {} held out for validation ({})\n"
      "  {:>12}  of text, {} of it the assistant's\n",
      r.project, r.dataset.address.substr(0, 12), with_commas(r.conversations),
      with_commas(r.with_system), with_commas(r.documents), with_commas(total.train),
      with_commas(total.validation), percent(total.validation, r.dataset.used()),
      human_bytes(static_cast<double>(r.text_bytes)),
      human_bytes(static_cast<double>(r.assistant_bytes)));
  sources(out, r);
  drops(out, r);
  cleaning(out, r.imported);
  chart(out, "Turns per conversation", r.turns);
  chart(out, "Characters per conversation", r.conversation_chars);
  chart(out, "Characters per user message", r.user_chars);
  chart(out, "Characters per reply", r.assistant_chars);
  chart(out, "Characters per document", r.document_chars);
  std::uint64_t looked_at = 0;
  for (const auto& [code, count] : r.languages) looked_at += count;
  out += looked_at == r.dataset.used()
             ? "\nLanguages\n"
             : fmt::format("\nLanguages (of {} looked at)\n", with_commas(looked_at));
  for (std::size_t i = 0; i < std::min<std::size_t>(r.languages.size(), 10); ++i) {
    const auto& [code, count] = r.languages[i];
    out += fmt::format(
        "  {:<14} {} {} ({})\n", text::language_name(code),
        bar(static_cast<double>(count) / static_cast<double>(r.languages.front().second)),
        with_commas(count), percent(count, looked_at));
  }
  if (r.languages.size() > 10) out += fmt::format("  … and {} more\n", r.languages.size() - 10);
  if (!r.advice.empty()) {
    out += "\nLook into\n";
    for (const auto& advice : r.advice) out += "  • " + advice + "\n";
  }
  return out;
}

std::string describe_add(const AddResult& result) {
  const DatasetInfo& info = result.dataset;
  std::string out;
  for (const std::string& path : result.absent) {
    out += fmt::format("  {}: nothing there yet, passed over\n", path);
  }
  if (!result.changed) {
    out += fmt::format("Nothing to do: {} in the dataset already, unchanged ({} records).\n",
                       info.sources.size() == 1 ? "the source is" : "these sources are",
                       with_commas(info.used()));
    return out;
  }
  ImportCounts counts;
  for (std::size_t i = 0; i < info.sources.size(); ++i) {
    const SourceEntry& source = info.sources[i];
    counts.add(source.counts);
    if (std::find(result.imported.begin(), result.imported.end(), source.name) ==
        result.imported.end())
      continue;
    out += fmt::format("  {}: {} records read, {} used", source.name,
                       with_commas(source.counts.records + source.counts.bad),
                       with_commas(info.by_source[i].train + info.by_source[i].validation));
    const std::pair<std::uint64_t, const char*> drops[] = {
        {info.by_source[i].exact_duplicates, "exact duplicates"},
        {info.by_source[i].near_duplicates, "near duplicates"},
        {source.counts.dropped_no_reply, "without a reply to learn from"},
        {source.counts.dropped_unasked, "in which nobody asks"},
        {source.counts.dropped_empty, "empty"},
        {source.counts.bad, "malformed"}};
    std::string dropped;
    for (const auto& [count, what] : drops) {
      if (count > 0) dropped += (dropped.empty() ? "" : ", ") + with_commas(count) + " " + what;
    }
    out += dropped.empty() ? "\n" : "; dropped " + dropped + "\n";
    for (std::size_t b = 0; b < std::min<std::size_t>(source.bad.size(), 10); ++b) {
      out += "    skipped " + source.bad[b] + "\n";
    }
    if (source.counts.bad > 10) {
      out += fmt::format("    … and {} more, listed by `parley data report --json`\n",
                         with_commas(source.counts.bad - 10));
    }
    for (std::size_t f = 0; f < std::min<std::size_t>(source.ignored.size(), 5); ++f) {
      out += "    ignored " + source.ignored[f] + "\n";
    }
    if (source.ignored.size() > 5)
      out += fmt::format("    … and {} more files ignored\n", source.ignored.size() - 5);
    remarks(out, source);
  }
  if (result.bytes > 0 && result.seconds > 0) {
    out += fmt::format("  {} in {} ({}/s)\n", human_bytes(static_cast<double>(result.bytes)),
                       human_seconds(result.seconds),
                       human_bytes(static_cast<double>(result.bytes) / result.seconds));
  }
  out += fmt::format("Dataset {}: {} for training, {} for validation, of {} {}.\n",
                     info.address.substr(0, 12), with_commas(info.total.train),
                     with_commas(info.total.validation), info.sources.size(),
                     info.sources.size() == 1 ? "source" : "sources");
  out += "Next: `parley data report` to look at it, `parley train` to train on it.\n";
  return out;
}

}  // namespace parley::data
