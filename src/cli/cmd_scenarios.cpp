// parley test: the project's scenarios against its current model.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/terminal.hpp"
#include "chat/model/local_model.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "eval/scenario_report.hpp"
#include "package/model_package.hpp"
#include "settings/project.hpp"

namespace parley::cli {
namespace {

struct TestOptions {
  std::string project = ".", model, filter, html;
  bool json = false;
  double min_pass_rate = -1, temperature = 0;
  int concurrent = 32, threads = 0, max_tokens = 160;
  std::uint64_t seed = 1;
};

bool selected(const eval::Scenario& scenario, const std::string& filter) {
  if (scenario.name.find(filter) != std::string::npos ||
      scenario.file.find(filter) != std::string::npos)
    return true;
  for (const std::string& tag : scenario.tags) {
    if (tag.find(filter) != std::string::npos) return true;
  }
  return false;
}

std::unique_ptr<chat::ChatModel> open_model(const settings::Project& project,
                                            const TestOptions& o) {
  const std::filesystem::path folder =
      o.model.empty() ? project.folder.current_model() : std::filesystem::path(o.model);
  if (!package::is_model(folder)) {
    fail(ErrorKind::kNotFound, folder.string() + ": no trained model",
         "run `parley data add` and `parley train` first, or name a model folder with --model");
  }
  engine::Options options;
  options.threads = o.threads;
  options.max_concurrent = o.concurrent;
  options.max_queue = o.concurrent;
  const package::ModelPackage model(folder);
  return chat::load_local_model(model, model.name(), options);
}

// The rate to reach: --min-pass-rate, else the project's objective, else every scenario.
double wanted_rate(const std::vector<eval::Objective>& objectives, const TestOptions& o) {
  if (o.min_pass_rate >= 0) return o.min_pass_rate;
  for (const eval::Objective& objective : objectives) {
    if (objective.metric == "scenario_pass_rate" && objective.compare == ">=")
      return objective.target;
  }
  return 1;
}

void run(const TestOptions& o) {
  const settings::Project project = settings::load_project(o.project);
  eval::ScenarioSet set = eval::load_scenarios(project.folder.root);
  std::erase_if(set.scenarios,
                [&](const eval::Scenario& scenario) { return !selected(scenario, o.filter); });
  if (set.scenarios.empty()) {
    fail(ErrorKind::kNotFound, "no scenario has '" + o.filter + "' in its name, file or tags",
         "leave out --filter to run all of them");
  }
  const auto model = open_model(project, o);

  eval::RunOptions options;
  options.settings.sampling.temperature = static_cast<float>(o.temperature);
  options.settings.sampling.seed = o.seed;
  options.settings.random_seed = false;
  options.settings.max_tokens = o.max_tokens;
  options.concurrent = o.concurrent;
  Progress progress("scenarios", set.scenarios.size(), "scenarios");
  options.on_progress = [&](std::size_t done, std::size_t passed) {
    progress.update(done, fmt::format("{} failed", done - passed));
  };
  const double start = Clock::system().monotonic_s();
  const auto store = store::open_memory_store();
  chat::Assistant assistant(*model, *store, project.persona, options.settings,
                            chat::talking_pipeline(*model, *store, project.persona.system_prompt));
  const auto results = eval::run_scenarios(assistant, set.scenarios, set.catalogue.get(), options);
  progress.finish(fmt::format("{} in {}", results.size(),
                              human_seconds(Clock::system().monotonic_s() - start)));

  const auto summary = eval::summarize(results, wanted_rate(project.objectives, o), model->name());
  if (!o.html.empty())
    write_file_atomically(o.html, eval::html_report(results, summary, project.name));
  const std::string closing = fmt::format("{} passed, {} failed\n", summary.passed, summary.failed);
  if (o.json) {
    fmt::print("{}\n",
               to_text(eval::json_report(results, summary, project.name, project.objectives), 2));
    fmt::print(stderr, "{}", closing);
  } else {
    fmt::print("{}", eval::text_report(results, summary, project.objectives, stdout_has_color()));
    if (!o.html.empty()) fmt::print("Report: {}\n", o.html);
    if (!summary.met) {
      fmt::print("Pass rate {:.1f} % is below the {:.1f} % asked for.\n", summary.pass_rate * 100,
                 summary.min_pass_rate * 100);
    }
    fmt::print("{}", closing);
  }
  std::fflush(stdout);
  if (!summary.met) throw CLI::RuntimeError(1);
}

}  // namespace

void add_test(CLI::App& app, Action& action) {
  auto options = std::make_shared<TestOptions>();
  auto* command = app.add_subcommand("test", "Run the project's scenario tests against its model");
  command->footer(
      "\nScenarios are the YAML files in tests/ (docs/project.md). Exit status: 0 when the share "
      "that passes reaches\n"
      "--min-pass-rate, or else the project's objective scenario_pass_rate, or else all of them; 1 "
      "when not.\n\n"
      "Examples:\n"
      "  parley test\n"
      "  parley test --filter recommendations\n"
      "  parley test --json > result.json\n"
      "  parley test --min-pass-rate 1 --html report.html\n");
  add_project_option(*command, options->project);
  command->add_option("--filter", options->filter,
                      "Only scenarios with this text in name, file or a tag");
  command->add_flag("--json", options->json, "Print the whole result as JSON on standard output");
  command->add_option("--html", options->html, "Also write a report page to this file");
  command->add_option("--min-pass-rate", options->min_pass_rate, "Share that must pass, 0 to 1")
      ->check(between(0.0, 1.0));
  command->add_option("--model", options->model,
                      "Model folder instead of the project's current one");
  command
      ->add_option("--temperature", options->temperature,
                   "0: the likeliest reply, the same on every run")
      ->capture_default_str()
      ->check(between(0.0, 5.0));
  add_seed_option(*command, options->seed, "Seed for a temperature above 0");
  command->add_option("--max-tokens", options->max_tokens, "Longest reply")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command->add_option("--concurrent", options->concurrent, "Scenarios answered at the same time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  add_threads_option(*command, options->threads);
  command->callback([options, &action] { action = [options] { run(*options); }; });
}

}  // namespace parley::cli
