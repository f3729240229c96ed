// parley train: starts parley-train, the program that links libtorch, so that a host that only
// serves needs no torch.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"

namespace parley::cli {
namespace {
namespace fs = std::filesystem;

fs::path find_trainer() {
  std::error_code error;
  const fs::path beside = fs::read_symlink("/proc/self/exe", error).parent_path() / "parley-train";
  if (!error && fs::exists(beside)) return beside;
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const fs::path candidate = fs::path(path.substr(at, end - at)) / "parley-train";
    if (end > at && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  fail(ErrorKind::kNotFound, "parley-train is not installed beside parley or on PATH",
       "build it with ./dev build (it needs libtorch-dev), or train on another machine and copy "
       ".parley/models");
}

[[noreturn]] void exec_trainer(const std::vector<std::string>& arguments) {
  const fs::path trainer = find_trainer();
  // Training allocates and frees the same large blocks every step: huge pages make that cheap.
  if (!std::getenv("GLIBC_TUNABLES")) ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
  std::vector<std::string> all = {trainer.string()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& each : all) argv.push_back(each.data());
  argv.push_back(nullptr);
  ::execv(trainer.c_str(), argv.data());
  fail_errno("cannot start " + trainer.string(), errno);
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train the project's model from its dataset");
  command->footer(
      "Learns a tokenizer, then the model, with a live display; an interrupted run goes on where "
      "it stopped.\n"
      "\nExamples:\n"
      "  parley train                      what parley.yaml says\n"
      "  parley train --minutes 20         a longer run\n"
      "  parley train --size small --fresh another model, from the start");
  auto project = std::make_shared<std::string>(".");
  auto options = std::make_shared<std::vector<std::string>>();
  command->add_option("--project", *project, "Project folder")->capture_default_str();
  const auto pass = [options, command](const char* name, const char* help, const char* type) {
    return command
        ->add_option_function<std::string>(
            name,
            [options, name](const std::string& value) {
              options->push_back(name);
              options->push_back(value);
            },
            help)
        ->type_name(type);
  };
  pass("--minutes", "Time to train for; overrides parley.yaml", "MINUTES");
  pass("--steps", "Steps to train for; overrides parley.yaml", "N");
  pass("--size", "nano, micro, mini, small or base; overrides parley.yaml", "SIZE");
  pass("--batch", "Rows a step", "N");
  pass("--learning-rate", "Highest learning rate", "RATE");
  pass("--threads", "0: all usable processors", "N");
  pass("--checkpoint-seconds", "Time between checkpoints (default 20)", "SECONDS");
  pass("--stop-after", "Stop, unfinished, after this many steps", "N")->group("");
  command->add_flag_function(
      "--fresh", [options](std::int64_t) { options->push_back("--fresh"); },
      "Start anew instead of going on from a checkpoint");
  command->add_flag_function(
      "--float32", [options](std::int64_t) { options->push_back("--float32"); },
      "Compute in float32 even where bf16 is fast");
  command->callback([project, options] {
    std::vector<std::string> arguments = {"--project", *project};
    arguments.insert(arguments.end(), options->begin(), options->end());
    exec_trainer(arguments);
  });
}

}  // namespace parley::cli
