// parley data add|report|remove: the project's dataset.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "data/add.hpp"
#include "data/report/report.hpp"
#include "settings/project.hpp"

namespace parley::cli {
namespace {
namespace fs = std::filesystem;

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

struct AddOptions {
  std::vector<std::string> paths;
  std::string format, columns, speakers, project = ".";
  bool skip_bad = false;
};

void run_add(const AddOptions& options) {
  const settings::Project project = settings::load_project(options.project);
  data::AddRequest request{options.paths,   fs::current_path(), options.format,
                           options.columns, options.speakers,   options.skip_bad};
  print(data::describe_add(data::add_data(project.folder, project.data, request)));
}

struct ReportOptions {
  std::string html, project = ".";
  bool json = false;
};

void run_report(const ReportOptions& options) {
  const settings::Project project = settings::load_project(options.project);
  const data::Report report = data::make_report(project.name, project.folder.dataset_dir());
  if (!options.html.empty()) {
    write_file_atomically(options.html, data::report_html(report));
    if (!options.json) print("The report is in " + options.html + "\n");
  }
  if (options.json) {
    print(to_text(data::report_json(report), 2) + "\n");
  } else if (options.html.empty()) {
    print(data::report_text(report));
  }
}

struct RemoveOptions {
  std::vector<std::string> names;
  std::string project = ".";
};

void run_remove(const RemoveOptions& options) {
  const settings::Project project = settings::load_project(options.project);
  const data::AddResult result = data::remove_data(project.folder, project.data, options.names);
  print("Removed. The dataset now has " + std::to_string(result.dataset.used()) + " records of " +
        std::to_string(result.dataset.sources.size()) + " sources.\n");
}

}  // namespace

void add_data(CLI::App& app, Action& action) {
  CLI::App* data = app.add_subcommand(
      "data", "Bring conversations and documents into the project, and look at them");
  data->require_subcommand(1);

  auto add_options = std::make_shared<AddOptions>();
  CLI::App* add = data->add_subcommand("add", "Import, clean, de-duplicate and split data");
  add->add_option("PATH", add_options->paths,
                  "Files, folders or globs; none: every source that parley.yaml lists");
  add->add_option("--format", add_options->format, "How to read the files (default: auto)")
      ->check(among(data::kDataFormats));
  add->add_option("--columns", add_options->columns,
                  "Columns of tables, fields of JSON records: user=COLUMN[,input=COLUMN],"
                  "assistant=COLUMN[,id=COLUMN][,system=COLUMN][,weight=COLUMN], or "
                  "role=COLUMN,content=COLUMN,id=COLUMN; messages=FIELD. Others are left out");
  add->add_option("--speakers", add_options->speakers,
                  "Whose words are whose, in roles and speaker lines: user=NAME,assistant=NAME");
  add->add_flag("--skip-bad", add_options->skip_bad,
                "Leave malformed records out and list them, instead of stopping");
  add_project_option(*add, add_options->project);
  add->footer(
      "Examples:\n"
      "  parley data add                                   the sources of parley.yaml\n"
      "  parley data add chats.jsonl exports/ 'docs/**/*.md'\n"
      "  parley data add faq.csv --columns user=question,assistant=answer\n"
      "  parley data add transcripts/ --speakers user=Anna,assistant=Ben\n"
      "  parley data add crawl.jsonl --skip-bad            carry on past malformed lines\n\n"
      "Sources accumulate; adding one again replaces it. Nothing changes when an import fails.");
  add->callback([add_options, &action] { action = [add_options] { run_add(*add_options); }; });

  auto report_options = std::make_shared<ReportOptions>();
  CLI::App* report =
      data->add_subcommand("report", "What the dataset holds, and what was dropped and why");
  report->add_option("--html", report_options->html,
                     "Write one self-contained page with charts to this file");
  report->add_flag("--json", report_options->json, "Print the report as JSON");
  add_project_option(*report, report_options->project);
  report->footer(
      "Examples:\n  parley data report\n  parley data report --html report.html\n  parley data "
      "report --json");
  report->callback(
      [report_options, &action] { action = [report_options] { run_report(*report_options); }; });

  auto remove_options = std::make_shared<RemoveOptions>();
  CLI::App* remove = data->add_subcommand("remove", "Take sources out of the dataset again");
  remove->add_option("SOURCE", remove_options->names, "Names as `parley data report` lists them")
      ->required();
  add_project_option(*remove, remove_options->project);
  remove->footer("Example:\n  parley data remove chats.jsonl");
  remove->callback(
      [remove_options, &action] { action = [remove_options] { run_remove(*remove_options); }; });
}

}  // namespace parley::cli
