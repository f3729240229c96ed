#include "eval/scenario_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/terminal.hpp"
#include "text/report_page.hpp"

namespace parley::eval {
namespace {

using text::escape_html;

struct TagRate {
  std::size_t passed = 0, all = 0;
};

std::map<std::string, TagRate> rates_by_tag(const std::vector<ScenarioResult>& results) {
  std::map<std::string, TagRate> rates;
  for (const ScenarioResult& result : results) {
    for (const std::string& tag : result.scenario->tags) {
      rates[tag].passed += result.passed;
      ++rates[tag].all;
    }
  }
  return rates;
}

struct Measured {
  const Objective* objective;
  bool measured, met;
};

// Only what scenarios can measure; the other objectives are named with where they are measured.
std::vector<Measured> measure(const std::vector<Objective>& objectives,
                              const ScenarioSummary& summary) {
  std::vector<Measured> rows;
  for (const Objective& objective : objectives) {
    const bool measured = objective.metric == "scenario_pass_rate";
    const bool met = objective.compare == ">=" ? summary.pass_rate >= objective.target
                                               : summary.pass_rate <= objective.target;
    rows.push_back({&objective, measured, measured && met});
  }
  return rows;
}

// Further lines of a text stand under its first one.
std::string indented(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += "                ";
  }
  return out;
}

constexpr const char* kStyle =
    R"(.bar { height: 12px; border-radius: 6px; background: var(--bad); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--good); }
details { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin: 8px 0; padding: 6px 12px; }
summary { cursor: pointer; } .bad { color: var(--bad); } .good { color: var(--good); } .user { font-weight: 600; }
table { border-collapse: collapse; } td, th { padding: 3px 12px 3px 0; text-align: left; }
)";

}  // namespace

ScenarioSummary summarize(const std::vector<ScenarioResult>& results, double min_pass_rate,
                          std::string model) {
  ScenarioSummary summary;
  summary.passed = static_cast<std::size_t>(std::count_if(
      results.begin(), results.end(), [](const ScenarioResult& result) { return result.passed; }));
  summary.failed = results.size() - summary.passed;
  summary.pass_rate =
      results.empty() ? 0
                      : static_cast<double>(summary.passed) / static_cast<double>(results.size());
  summary.min_pass_rate = min_pass_rate;
  summary.met = summary.pass_rate >= min_pass_rate;
  summary.model = std::move(model);
  return summary;
}

std::string text_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                        const std::vector<Objective>& objectives, bool color) {
  const Style style = Style::when(color);
  const char *red = style.red, *green = style.green, *dim = style.dim, *plain = style.off;
  std::string out;
  for (const ScenarioResult& result : results) {
    if (result.passed) continue;
    out += fmt::format("{}FAIL{} {}  {}{}:{}{}\n", red, plain, result.scenario->name, dim,
                       result.scenario->file, result.scenario->line, plain);
    for (const TurnResult& turn : result.turns) {
      out += fmt::format("     user       {}\n     assistant  {}\n", turn.user,
                         turn.reply.empty() ? "(nothing)" : indented(turn.reply));
      for (const std::string& expectation : turn.unmet) {
        out += fmt::format("     {}expected{}   {}\n", red, plain, expectation);
      }
    }
    if (!result.error.empty())
      out += fmt::format("     {}error{}      {}\n", red, plain, result.error);
    out += '\n';
  }
  const auto rates = rates_by_tag(results);
  if (!rates.empty()) {
    out += "By tag\n";
    for (const auto& [tag, rate] : rates) {
      out += fmt::format("  {:<20} {:>4} of {:<4} {:>4.0f} %\n", tag, rate.passed, rate.all,
                         100.0 * static_cast<double>(rate.passed) / static_cast<double>(rate.all));
    }
  }
  if (!objectives.empty()) out += "Objectives\n";
  for (const Measured& row : measure(objectives, summary)) {
    const Objective& o = *row.objective;
    const std::string target = fmt::format("{} {:g}", o.compare, o.target);
    if (row.measured) {
      out +=
          fmt::format("  {:<22} target {:<10} measured {:.3f}  {}{}{}\n", o.metric, target,
                      summary.pass_rate, row.met ? green : red, row.met ? "met" : "missed", plain);
    } else {
      out += fmt::format("  {:<22} target {:<10} {}not measured by scenarios{}\n", o.metric, target,
                         dim, plain);
    }
  }
  return out;
}

Json json_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                 const std::string& project, const std::vector<Objective>& objectives) {
  Json report = {{"project", project},
                 {"model", summary.model},
                 {"passed", summary.passed},
                 {"failed", summary.failed},
                 {"pass_rate", summary.pass_rate},
                 {"min_pass_rate", summary.min_pass_rate},
                 {"met", summary.met}};
  report["objectives"] = Json::array();
  for (const Measured& row : measure(objectives, summary)) {
    Json entry = {{"metric", row.objective->metric},
                  {"compare", row.objective->compare},
                  {"target", row.objective->target},
                  {"window", row.objective->window},
                  {"measured", nullptr},
                  {"met", nullptr}};
    if (row.measured) entry["measured"] = summary.pass_rate, entry["met"] = row.met;
    report["objectives"].push_back(std::move(entry));
  }
  report["scenarios"] = Json::array();
  for (const ScenarioResult& result : results) {
    Json turns = Json::array();
    for (const TurnResult& turn : result.turns) {
      turns.push_back({{"user", turn.user},
                       {"reply", turn.reply},
                       {"unmet", turn.unmet},
                       {"seconds", turn.seconds}});
    }
    Json entry = {{"name", result.scenario->name}, {"file", result.scenario->file},
                  {"line", result.scenario->line}, {"tags", result.scenario->tags},
                  {"passed", result.passed},       {"turns", std::move(turns)}};
    if (!result.error.empty()) entry["error"] = result.error;
    report["scenarios"].push_back(std::move(entry));
  }
  return report;
}

std::string html_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                        const std::string& project) {
  const std::string title = "Scenarios of " + project;
  std::string out = fmt::format(
      "<h1>{0}</h1>\n<p>{1} passed, {2} failed: {3:.1f} % (asked for: {4:.1f} %). Model: {5}</p>"
      "<div class=\"bar\"><i style=\"width:{3:.1f}%\"></i></div>\n",
      escape_html(title), summary.passed, summary.failed, summary.pass_rate * 100,
      summary.min_pass_rate * 100, escape_html(summary.model));
  out += "<h2>By tag</h2><table><tr><th>Tag<th>Passed<th>Of</tr>";
  for (const auto& [tag, rate] : rates_by_tag(results)) {
    out += fmt::format("<tr><td>{}<td>{}<td>{}</tr>", escape_html(tag), rate.passed, rate.all);
  }
  out += "</table>";
  for (const bool passed : {false, true}) {
    out += passed ? "<h2>Passed</h2>" : "<h2>Failed</h2>";
    for (const ScenarioResult& result : results) {
      if (result.passed != passed) continue;
      out += fmt::format(
          "<details{}><summary><span class=\"{}\">{}</span> {} <small>{}:{}</small></summary>",
          passed ? "" : " open", passed ? "good" : "bad", passed ? "✓" : "✗",
          escape_html(result.scenario->name), escape_html(result.scenario->file),
          result.scenario->line);
      for (const TurnResult& turn : result.turns) {
        out += fmt::format("<p class=\"user\">{}</p><p>{}</p>", escape_html(turn.user),
                           escape_html(turn.reply));
        for (const std::string& expectation : turn.unmet) {
          out += fmt::format("<p class=\"bad\">expected: {}</p>", escape_html(expectation));
        }
      }
      if (!result.error.empty())
        out += fmt::format("<p class=\"bad\">{}</p>", escape_html(result.error));
      out += "</details>";
    }
  }
  return text::report_page(title, kStyle, out);
}

}  // namespace parley::eval
