// parley-train: the program that `parley train` starts, the only one that needs libtorch on the
// machine.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/progress.hpp"
#include "cli/options.hpp"
#include "cli/run_program.hpp"
#include "cli/train_options.hpp"
#include "settings/project.hpp"
#include "train/run/speed.hpp"
#include "train/train.hpp"

namespace {

using namespace parley;

using cli::Action;

void run(const cli::TrainArguments& a) {
  settings::Project project = settings::load_project(a.project);
  if (a.minutes) project.training.minutes = a.minutes;
  if (a.steps) {
    project.training.steps = a.steps;
    if (!a.minutes) project.training.minutes.reset();
  }
  if (a.batch) project.training.batch = a.batch;
  if (a.learning_rate) project.training.learning_rate = a.learning_rate;
  if (a.size) project.model.size = *a.size;
  train::TrainOptions options;
  options.fresh = a.fresh;
  options.threads = a.threads;
  options.checkpoint_seconds = a.checkpoint_seconds;
  options.advice = {project.serving.reply.temperature, project.serving.reply.top_p};
  options.stop_after = a.stop_after;
  if (a.float32) options.compute = train::ComputeType::kFloat32;
  const train::TrainOutcome done =
      train::train_project(project.folder, project.model, project.training, options);
  if (!done.finished) {
    std::printf("stopped; `parley train` goes on from here\n");
    return;
  }
  std::printf(
      "Trained %lld steps in %s: loss %.3f, held out %.3f\nModel: %s\nNext: parley test, parley "
      "chat, parley serve\n",
      static_cast<long long>(done.steps), human_seconds(done.minutes * 60).c_str(), done.train_loss,
      done.validation_loss, done.model.c_str());
}

struct EvalSettings {
  std::string model, file;
  std::optional<std::string> dump;
  int threads = 0;
};

void evaluate(const EvalSettings& s) {
  const train::EvalReport r = train::evaluate_model(s.model, s.file, s.dump, s.threads);
  std::printf(
      "conversations %lld\ntargets %lld\nloss %.5f\nperplexity %.4f\nbits_per_byte %.4f\ntop1 "
      "%.4f\n",
      static_cast<long long>(r.conversations), static_cast<long long>(r.targets),
      r.loss_sum / static_cast<double>(r.targets), r.perplexity(), r.bits_per_byte(),
      static_cast<double>(r.top1_hits) / static_cast<double>(r.targets));
}

void add_eval(CLI::App& app, Action& action) {
  auto o = std::make_shared<EvalSettings>();
  CLI::App* c = app.add_subcommand("eval", "Score a model folder on a chat JSONL file, in float32");
  c->add_option("MODEL", o->model)->required();
  c->add_option("FILE", o->file)->required();
  c->add_option("--dump", o->dump, "Write argmax and log-probability of every target");
  cli::add_threads_option(*c, o->threads);
  c->callback([o, &action] { action = [o] { evaluate(*o); }; });
}

struct BenchSettings {
  int steps = 24, threads = 0;
  bool torch = false;
};

void add_bench(CLI::App& app, Action& action) {
  auto o = std::make_shared<BenchSettings>();
  CLI::App* c = app.add_subcommand("bench", "Measure training speed on a fixed shape");
  c->add_option("--steps", o->steps)->check(cli::above_zero())->capture_default_str();
  cli::add_threads_option(*c, o->threads);
  c->add_flag("--torch-bf16", o->torch, "Let torch multiply instead of our kernels");
  c->callback([o, &action] {
    action = [o] {
      const auto compute = o->torch ? train::ComputeType::kTorchBf16 : train::ComputeType::kAuto;
      std::printf("%s\n",
                  to_text(train::measure_training_speed(o->steps, o->threads, compute)).c_str());
    };
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Trains a project's model. Usually started by `parley train`.", "parley-train"};
  cli::TrainArguments arguments;
  cli::add_train_options(app, arguments);
  Action action = [&arguments] { run(arguments); };  // without a command
  add_eval(app, action);
  add_bench(app, action);
  return cli::run_program(app, action, argc, argv);
}
