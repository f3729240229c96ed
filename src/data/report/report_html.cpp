// The report as one HTML page, its charts as inline SVG.
#include <fmt/format.h>

#include <algorithm>

#include "base/progress.hpp"
#include "data/report/report.hpp"
#include "text/language.hpp"
#include "text/report_page.hpp"

namespace parley::data {
namespace {

using text::escape_html;

// Magnitudes in one hue; the validated pair of a light and a dark step on their own surfaces.
constexpr const char* kStyle =
    R"(:root { --mark: #2a6fc9; --track: #edf0f4; --note: #8a4b00; --note-card: #fff6e8; }
@media (prefers-color-scheme: dark) { :root { --mark: #5b9bf0; --track: #282b31; --note: #f2c078; --note-card: #2a2317; } }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 16px; margin: 0 0 4px; }
.sub { color: var(--soft); margin: 4px 0 24px; }
.tiles, .grid { display: grid; gap: 16px; margin-bottom: 16px; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); }
.grid { grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; min-width: 0; }
.tile b { display: block; font-size: 24px; font-weight: 650; } .tile span, .facts { color: var(--soft); font-size: 13px; }
.facts { margin: 0 0 10px; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11px; font-family: inherit; } svg .mark { fill: var(--mark); }
svg .axis { stroke: var(--line); } svg g:hover .mark { opacity: .75; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
th, td { padding: 6px 10px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bars td { vertical-align: middle; } .bar { height: 8px; border-radius: 4px; background: var(--track); min-width: 80px; }
.bar i { display: block; height: 8px; border-radius: 4px; background: var(--mark); }
.note { background: var(--note-card); } .note h2 { color: var(--note); } .scroll { overflow-x: auto; }
ul { margin: 6px 0 0; padding-left: 20px; } code { font-size: 13px; }
)";

std::string tile(const std::string& value, const std::string& label) {
  return "<div class=\"card tile\"><b>" + escape_html(value) + "</b><span>" + escape_html(label) +
         "</span></div>\n";
}

std::string histogram(const std::string& title, const std::string& unit, const Histogram& h) {
  if (h.count() == 0) return {};
  const auto buckets = h.buckets(16);
  std::uint64_t most = 1;
  for (const auto& b : buckets) most = std::max(most, b.count);
  constexpr double kWidth = 460, kHeight = 170, kBase = 140, kLeft = 4, kTop = 18;
  const double step = (kWidth - 2 * kLeft) / static_cast<double>(buckets.size());
  std::string out = fmt::format(
      "<section class=\"card\"><h2>{}</h2><p class=\"facts\">median {} · mean {:.1f} · 95% up to "
      "{} · longest {}</p>\n"
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}: histogram\">\n",
      escape_html(title), with_commas(h.quantile(0.5)), h.mean(), with_commas(h.quantile(0.95)),
      with_commas(h.max()), kWidth, kHeight, escape_html(title));
  const std::size_t label_every = std::max<std::size_t>(1, (buckets.size() + 7) / 8);
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto& b = buckets[i];
    const double height = static_cast<double>(b.count) / static_cast<double>(most) * (kBase - kTop);
    const double x = kLeft + static_cast<double>(i) * step;
    const std::string range =
        b.from == b.to ? with_commas(b.from) : with_commas(b.from) + " to " + with_commas(b.to);
    out += fmt::format(
        "<g><title>{} {}: {}</title><rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" "
        "fill=\"transparent\"/>",
        range, escape_html(unit), with_commas(b.count), x, kTop, step, kBase - kTop);
    if (b.count > 0) {
      const double shown = std::max(height, 1.5);
      out += fmt::format(
          "<rect class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
          "rx=\"{}\"/>",
          x + 1, kBase - shown, step - 2, shown, shown > 4 ? 2 : 0);
    }
    if (b.count == most) {
      out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                         std::clamp(x + step / 2, 20.0, kWidth - 20), kBase - height - 5,
                         with_commas(b.count));
    }
    if (i % label_every == 0) {
      const bool open = i + 1 == buckets.size() && b.to - b.from > buckets[0].to - buckets[0].from;
      out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}{}</text>",
                         i == 0 ? kLeft : x + step / 2, kBase + 16, i == 0 ? "start" : "middle",
                         with_commas(b.from), open ? "+" : "");
    }
    out += "</g>\n";
  }
  out += fmt::format(
      "<line class=\"axis\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/></svg></section>\n", kLeft,
      kBase + 0.5, kWidth - kLeft, kBase + 0.5);
  return out;
}

std::string exact_percent(std::uint64_t part, std::uint64_t whole) {
  if (part == 0 || whole == 0) return "0%";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return share < 0.1 ? "<0.1%" : fmt::format("{:.1f}%", share);
}

struct BarRow {
  std::string label;
  std::uint64_t count;
};

std::string bars(const std::string& title, const std::string& facts,
                 const std::vector<BarRow>& rows, std::uint64_t whole) {
  std::string out = "<section class=\"card\"><h2>" + escape_html(title) + "</h2>";
  if (!facts.empty()) out += "<p class=\"facts\">" + escape_html(facts) + "</p>";
  std::uint64_t most = 1;
  for (const auto& row : rows) most = std::max(most, row.count);
  out += "<table class=\"bars\">";
  for (const auto& row : rows) {
    out += fmt::format(
        "<tr><td>{}</td><td style=\"width:34%\"><div class=\"bar\"><i "
        "style=\"width:{:.1f}%\"></i></div></td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        escape_html(row.label), 100.0 * static_cast<double>(row.count) / static_cast<double>(most),
        with_commas(row.count), escape_html(exact_percent(row.count, whole)));
  }
  return out + "</table></section>\n";
}

std::string sources_table(const Report& r) {
  std::string out =
      "<section class=\"card\" style=\"margin-bottom:16px\"><h2>Sources</h2><div "
      "class=\"scroll\"><table><tr><th>Source</th>"
      "<th class=\"n\">Files</th><th class=\"n\">Read</th><th class=\"n\">Training</th><th "
      "class=\"n\">Validation</th>"
      "<th class=\"n\">Duplicates</th><th class=\"n\">Dropped</th><th "
      "class=\"n\">Malformed</th></tr>\n";
  for (std::size_t i = 0; i < r.dataset.sources.size(); ++i) {
    const SourceEntry& s = r.dataset.sources[i];
    const SelectionCounts& selected = r.dataset.by_source[i];
    out += fmt::format(
        "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        escape_html(s.name), s.files.empty() ? std::string("—") : with_commas(s.files.size()),
        with_commas(s.counts.records + s.counts.bad), with_commas(selected.train),
        with_commas(selected.validation),
        with_commas(selected.exact_duplicates + selected.near_duplicates),
        with_commas(s.counts.dropped_empty + s.counts.dropped_no_reply), with_commas(s.counts.bad));
  }
  return out + "</table></div></section>\n";
}

std::string lists(const Report& r) {
  std::string out;
  if (!r.dataset.examples.empty()) {
    out +=
        "<section class=\"card\"><h2>Near duplicates, some of "
        "them</h2><table><tr><th>Dropped</th><th>Kept</th>"
        "<th class=\"n\">Same</th></tr>\n";
    for (const auto& e : r.dataset.examples) {
      out += fmt::format(
          "<tr><td><code>{}</code></td><td><code>{}</code></td><td class=\"n\">{:.0f}%</td></tr>\n",
          escape_html(e.dropped), escape_html(e.kept), e.similarity * 100);
    }
    out += "</table></section>\n";
  }
  std::string bad;
  std::size_t named = 0;
  for (const auto& source : r.dataset.sources) {
    for (const auto& line : source.bad) {
      if (named++ < 50) bad += "<li><code>" + escape_html(line) + "</code></li>\n";
    }
  }
  if (!bad.empty()) {
    out +=
        "<section class=\"card\"><h2>Malformed records that were skipped</h2><ul>" + bad + "</ul>";
    if (r.imported.bad > 50)
      out += "<p class=\"facts\">and " + with_commas(r.imported.bad - 50) + " more</p>";
    out += "</section>\n";
  }
  return out;
}

}  // namespace

std::string report_html(const Report& r) {
  const SelectionCounts& total = r.dataset.total;
  std::string out = "<h1>Dataset of " + escape_html(r.project) + "</h1><p class=\"sub\">" +
                    escape_html(r.dataset.address) + "</p>\n";
  out += "<div class=\"tiles\">\n" + tile(with_commas(r.conversations), "conversations") +
         tile(with_commas(r.documents), "documents") +
         tile(with_commas(total.train), "for training") +
         tile(with_commas(total.validation), "held out for validation") +
         tile(human_bytes(static_cast<double>(r.text_bytes)), "of text") +
         tile(human_bytes(static_cast<double>(r.assistant_bytes)), "said by the assistant") +
         "</div>\n";
  if (!r.advice.empty()) {
    out += "<section class=\"card note\" style=\"margin-bottom:16px\"><h2>Look into</h2><ul>";
    for (const auto& advice : r.advice) out += "<li>" + escape_html(advice) + "</li>";
    out += "</ul></section>\n";
  }
  out += sources_table(r) + "<div class=\"grid\">\n";
  const std::uint64_t read = r.imported.records + r.imported.bad;
  std::vector<BarRow> dropped;
  for (const auto& [why, count] : r.dropped) dropped.push_back({why, count});
  out +=
      bars("Dropped, and why",
           dropped.empty() ? "Nothing was dropped." : "of " + with_commas(read) + " records read",
           dropped, read);
  std::vector<BarRow> languages;
  std::uint64_t looked_at = 0, others = 0;
  for (std::size_t i = 0; i < r.languages.size(); ++i) {
    looked_at += r.languages[i].second;
    if (i < 8) {
      languages.push_back({text::language_name(r.languages[i].first), r.languages[i].second});
    } else {
      others += r.languages[i].second;
    }
  }
  if (others > 0) languages.push_back({"others", others});
  out += bars("Languages",
              looked_at == r.dataset.used() ? "of all records used"
                                            : "of " + with_commas(looked_at) + " records looked at",
              languages, looked_at);
  out += histogram("Turns per conversation", "turns", r.turns);
  out += histogram("Characters per conversation", "characters", r.conversation_chars);
  out += histogram("Characters per user message", "characters", r.user_chars);
  out += histogram("Characters per reply", "characters", r.assistant_chars);
  out += histogram("Characters per document", "characters", r.document_chars);
  const ImportCounts& c = r.imported;
  out += bars("What cleaning changed", "of " + with_commas(c.texts) + " texts",
              {{"white space", c.changed_space},
               {"HTML entities", c.changed_entities},
               {"Unicode form (NFC)", c.changed_nfc},
               {"control or invisible characters", c.changed_characters},
               {"invalid UTF-8", c.changed_bytes}},
              c.texts);
  out += lists(r) + "</div>\n";
  return text::report_page("Dataset of " + r.project, kStyle, out);
}

}  // namespace parley::data
