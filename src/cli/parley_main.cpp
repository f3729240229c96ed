// parley: the one program.
#include "cli/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{
      "Parley: from your conversations and documents to your own private assistant.\n\n"
      "Start here:\n"
      "  parley new my-assistant --template entertainment\n"
      "  cd my-assistant && parley data add && parley train && parley serve\n",
      "parley"};
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  parley::cli::Action action;
  parley::cli::add_commands(app, action);
  return parley::cli::run_program(app, action, argc, argv);
}
