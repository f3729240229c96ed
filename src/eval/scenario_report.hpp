// What a run of scenarios found, for people (text, HTML) and for programs (JSON).
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "eval/scenario_run.hpp"
#include "eval/settings.hpp"

namespace parley::eval {

struct ScenarioSummary {
  std::size_t passed = 0, failed = 0;
  double pass_rate = 0;      // passed / all
  double min_pass_rate = 1;  // what was asked for
  bool met = false;
  std::string model;
};

ScenarioSummary summarize(const std::vector<ScenarioResult>& results, double min_pass_rate,
                          std::string model);

// Each failed scenario with its dialogue, then the rate per tag and the objectives; without the
// closing line.
std::string text_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                        const std::vector<Objective>& objectives, bool color);
// `project` in this and the next: its name.
Json json_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                 const std::string& project, const std::vector<Objective>& objectives);
// One self-contained page.
std::string html_report(const std::vector<ScenarioResult>& results, const ScenarioSummary& summary,
                        const std::string& project);

}  // namespace parley::eval
