#include "cli/train_options.hpp"

#include "base/suggest.hpp"
#include "cli/options.hpp"
#include "train/run/settings.hpp"

namespace parley::cli {

void add_train_options(CLI::App& app, TrainArguments& arguments) {
  add_project_option(app, arguments.project);
  app.add_option("--minutes", arguments.minutes, "Time to train for; overrides parley.yaml")
      ->type_name("MINUTES")
      ->check(above_zero());
  app.add_option("--steps", arguments.steps, "Steps to train for; overrides parley.yaml")
      ->type_name("N")
      ->check(above_zero());
  app.add_option("--size", arguments.size, one_of(train::kModelSizes) + "; overrides parley.yaml")
      ->type_name("SIZE")
      ->check(among(train::kModelSizes));
  app.add_option("--batch", arguments.batch, "Rows a step")->type_name("N")->check(above_zero());
  app.add_option("--learning-rate", arguments.learning_rate, "Highest learning rate")
      ->type_name("RATE")
      ->check(above_zero());
  add_threads_option(app, arguments.threads);
  app.add_option("--checkpoint-seconds", arguments.checkpoint_seconds, "Time between checkpoints")
      ->type_name("SECONDS")
      ->capture_default_str()
      ->check(between(0, 86400));
  app.add_option("--stop-after", arguments.stop_after, "Stop, unfinished, after this many steps")
      ->check(above_zero())
      ->group("");
  app.add_flag("--fresh", arguments.fresh, "Start anew instead of going on from a checkpoint");
  app.add_flag("--float32", arguments.float32, "Compute in float32 even where bf16 is fast");
}

std::vector<std::string> given_options(const CLI::App& app) {
  std::vector<std::string> out;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0) continue;
    out.push_back("--" + option->get_lnames().front());  // get_name() is empty for a hidden one
    if (option->get_expected_max() == 0) continue;       // a flag
    out.insert(out.end(), option->results().begin(), option->results().end());
  }
  return out;
}

}  // namespace parley::cli
