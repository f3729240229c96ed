// parley train: starts parley-train, the program that links libtorch, so that a host that only
// serves needs no torch.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/program_files.hpp"
#include "cli/train_options.hpp"

namespace parley::cli {
namespace {

[[noreturn]] void exec_trainer(const std::vector<std::string>& arguments) {
  const auto found = find_trainer();
  if (!found) {
    fail(ErrorKind::kNotFound, "parley-train is not installed beside parley or on PATH",
         "build it with ./dev build (it needs libtorch-dev), or train on another machine and copy "
         ".parley/models");
  }
  const std::string trainer = found->string();
  // Training allocates and frees the same large blocks every step: huge pages make that cheap.
  if (!std::getenv("GLIBC_TUNABLES")) ::setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 1);
  std::vector<std::string> all = {trainer};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& each : all) argv.push_back(each.data());
  argv.push_back(nullptr);
  ::execv(trainer.c_str(), argv.data());
  fail_errno("cannot start " + trainer, errno);
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("train", "Train the project's model from its dataset");
  command->footer(
      "Learns a tokenizer, then the model, with a live display; an interrupted run goes on where "
      "it stopped.\n"
      "\nExamples:\n"
      "  parley train                       what parley.yaml says\n"
      "  parley train --minutes 20          a longer run\n"
      "  parley train --size small --fresh  another model, from the start");
  auto arguments = std::make_shared<TrainArguments>();
  add_train_options(*command, *arguments);
  command->callback([arguments, command, &action] {
    action = [given = given_options(*command)] { exec_trainer(given); };
  });
}

}  // namespace parley::cli
