#include "cli/commands.hpp"

namespace parley::cli {

void add_commands(CLI::App& app, Action& action) {
  app.require_subcommand(1);
  add_new(app, action);
  add_doctor(app, action);
  add_data(app, action);
  add_train(app, action);
  add_model(app, action);
  add_generate(app, action);
  add_verify(app, action);
  add_eval(app, action);
  add_test(app, action);
  add_serve(app, action);
  add_chat(app, action);
}

}  // namespace parley::cli
