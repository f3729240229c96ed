// parley new: a project folder from a template, whole or not at all.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "cli/templates.hpp"
#include "settings/project.hpp"
#include "settings/project_schema.hpp"

namespace parley::cli {
namespace {
namespace fs = std::filesystem;

struct NewOptions {
  std::string dir, from = "entertainment", name;
};

fs::path find_template(const std::string& name) {
  std::vector<std::string> known;
  for (const fs::path& folder : template_folders()) {
    if (!name.empty() && name.find('/') == std::string::npos &&
        fs::exists(folder / name / "parley.yaml")) {
      return folder / name;
    }
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (fs::exists(entry.path() / "parley.yaml"))
        known.push_back(entry.path().filename().string());
    }
  }
  if (known.empty()) {
    fail(ErrorKind::kNotFound, "no templates are installed",
         "set PARLEY_TEMPLATES to the folder that holds them (share/parley/templates of the "
         "package)");
  }
  std::string all;
  for (const std::string& each : known) all += (all.empty() ? "" : ", ") + each;
  fail(ErrorKind::kUsage, "no template '" + name + "'" + did_you_mean(name, known),
       "there are: " + all);
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

// Puts the project's name into its parley.yaml (the line "name: …") and README.md ("{{name}}").
void set_name(const fs::path& folder, const std::string& wanted) {
  const fs::path yaml = folder / "parley.yaml";
  if (!wanted.empty()) {
    std::string text = read_file(yaml);
    const std::size_t line = text.starts_with("name: ") ? 0 : text.find("\nname: ") + 1;
    const std::size_t end = text.find('\n', line);
    text.replace(line, end - line, "name: " + to_text(Json(wanted)));
    write_file_atomically(yaml, text);
  }
  // Also checks the name that was asked for.
  const std::string name = settings::load_project(folder).name;
  const fs::path readme = folder / "README.md";
  if (fs::exists(readme)) {
    std::string text = read_file(readme);
    replace_all(text, "{{name}}", name);
    write_file_atomically(readme, text);
  }
}

// A folder that is removed again unless it is put in place.
class Draft {
 public:
  explicit Draft(const fs::path& target)
      : target_(target), path_(target.string() + ".tmp-" + std::to_string(::getpid())) {
    std::error_code error;
    fs::create_directories(path_, error);
    if (error)
      fail_errno("cannot create " + path_.string(), error.value(),
                 "check the path and its permissions");
  }
  ~Draft() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  const fs::path& path() const { return path_; }
  void put_in_place() {
    if (::rename(path_.c_str(), target_.c_str()) != 0)
      fail_errno("cannot create " + target_.string(), errno);
    path_.clear();
    sync_folder(target_.parent_path());
  }

 private:
  fs::path target_, path_;
};

void create(const NewOptions& o) {
  fs::path target = fs::absolute(o.dir).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "dir/"
  if (fs::exists(target) && (!fs::is_directory(target) || !fs::is_empty(target))) {
    fail(ErrorKind::kConflict, o.dir + ": exists and is not an empty folder",
         "choose another name, or empty it first");
  }
  const fs::path source = find_template(o.from);
  Draft draft(target);
  for (auto it = fs::recursive_directory_iterator(source); it != fs::recursive_directory_iterator();
       ++it) {
    const fs::path relative = it->path().lexically_relative(source);
    if (relative == ".parley") {
      it.disable_recursion_pending();
    } else if (it->is_directory()) {
      fs::create_directories(draft.path() / relative);
    } else if (it->is_regular_file()) {
      write_file_atomically(draft.path() / relative,
                            read_file(it->path()));  // the copy is ours to write
    }
  }
  for (const char* folder : {"data", "knowledge", "tests"})
    fs::create_directories(draft.path() / folder);
  write_file_atomically(draft.path() / "parley.schema.json",
                        to_text(settings::project_schema(), 2) + "\n");
  write_file_atomically(
      draft.path() / ".gitignore",
      "# Derived: rebuilt by parley data, parley train and parley serve.\n.parley/\n");
  set_name(draft.path(), o.name);
  draft.put_in_place();

  const bool has_data = o.from != "blank";
  fmt::print("Created {} from the template '{}'.\n\nNext:\n  cd {}\n", o.dir, o.from, o.dir);
  if (!has_data) fmt::print("  put conversations into data/ and documents into knowledge/\n");
  fmt::print(
      "  parley data add    reads, cleans and splits the data\n"
      "  parley train       trains the assistant\n"
      "  parley test        checks it against the scenarios in tests/\n"
      "  parley serve       opens it in the browser\n\n"
      "parley.yaml holds every setting; README.md says what is where.\n");
}

}  // namespace

void add_new(CLI::App& app, Action& action) {
  auto options = std::make_shared<NewOptions>();
  auto* command = app.add_subcommand("new", "Create a project folder from a template");
  command->footer(
      "\nTemplates:\n"
      "  entertainment  the assistant of an invented film-and-series service: knowledge, "
      "catalogue, dialogues, tests\n"
      "  blank          the bare structure, for your own data\n\n"
      "Examples:\n"
      "  parley new my-assistant\n"
      "  parley new support-bot --template blank --name \"Support\"\n");
  command->add_option("dir", options->dir, "The folder to create")->required();
  command->add_option("--template", options->from, "Which template")->capture_default_str();
  command->add_option("--name", options->name, "The project's name (default: the template's)");
  command->callback([options, &action] { action = [options] { create(*options); }; });
}

}  // namespace parley::cli
