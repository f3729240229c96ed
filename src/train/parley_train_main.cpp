// parley-train: the program that `parley train` starts, the only one that needs libtorch on the
// machine.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/progress.hpp"
#include "train/run/speed.hpp"
#include "train/train.hpp"

namespace {

using namespace parley;

struct Settings {
  std::string project = ".";
  train::TrainOptions options;
  std::optional<double> minutes;
  std::optional<int> steps, batch;
  std::optional<std::string> size;
  std::optional<double> learning_rate;
  bool float32 = false;
};

void run(const Settings& s) {
  Project project = load_project(s.project);
  if (s.minutes) project.training.minutes = s.minutes;
  if (s.steps) {
    project.training.steps = s.steps;
    if (!s.minutes) project.training.minutes.reset();
  }
  if (s.batch) project.training.batch = s.batch;
  if (s.learning_rate) project.training.learning_rate = s.learning_rate;
  if (s.size) project.model.size = *s.size;
  train::TrainOptions options = s.options;
  if (s.float32) options.compute = train::ComputeType::kFloat32;
  const train::TrainOutcome done = train::train_project(project, options);
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

}  // namespace

int main(int argc, char** argv) {
  log::configure(log::Level::kWarn);
  CLI::App app{"Trains a project's model. Usually started by `parley train`.", "parley-train"};
  Settings s;
  app.add_option("--project", s.project, "Project folder")->capture_default_str();
  app.add_option("--minutes", s.minutes, "Time to train for; overrides parley.yaml")
      ->check(CLI::PositiveNumber);
  app.add_option("--steps", s.steps, "Steps to train for; overrides parley.yaml")
      ->check(CLI::PositiveNumber);
  app.add_option("--size", s.size, "nano, micro, mini, small, base; overrides parley.yaml");
  app.add_option("--batch", s.batch, "Rows a step")->check(CLI::PositiveNumber);
  app.add_option("--learning-rate", s.learning_rate)->check(CLI::PositiveNumber);
  app.add_option("--threads", s.options.threads, "0: all usable processors")->capture_default_str();
  app.add_option("--checkpoint-seconds", s.options.checkpoint_seconds)->capture_default_str();
  app.add_option("--stop-after", s.options.stop_after, "Stop, unfinished, after this many steps")
      ->group("");
  app.add_flag("--fresh", s.options.fresh, "Start anew instead of going on from a checkpoint");
  app.add_flag("--float32", s.float32, "Compute in float32 even where bf16 is fast");
  CLI::App* eval =
      app.add_subcommand("eval", "Score a model folder on a chat JSONL file, in float32");
  EvalSettings e;
  eval->add_option("MODEL", e.model)->required();
  eval->add_option("FILE", e.file)->required();
  eval->add_option("--dump", e.dump, "Write argmax and log-probability of every target");
  eval->add_option("--threads", e.threads)->capture_default_str();
  CLI::App* bench = app.add_subcommand("bench", "Measure training speed on a fixed shape");
  int bench_steps = 24, bench_threads = 0;
  bool bench_torch = false;
  bench->add_option("--steps", bench_steps)->check(CLI::PositiveNumber)->capture_default_str();
  bench->add_option("--threads", bench_threads)->capture_default_str();
  bench->add_flag("--torch-bf16", bench_torch, "Let torch multiply instead of our kernels");
  try {
    app.parse(argc, argv);
    if (bench->parsed()) {
      const auto compute = bench_torch ? train::ComputeType::kTorchBf16 : train::ComputeType::kAuto;
      std::printf(
          "%s\n",
          to_text(train::measure_training_speed(bench_steps, bench_threads, compute)).c_str());
    } else if (eval->parsed()) {
      evaluate(e);
    } else {
      run(s);
    }
    return 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_code(ErrorKind::kUsage);
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.message().c_str());
    if (!error.hint().empty()) std::fprintf(stderr, " hint: %s\n", error.hint().c_str());
    return exit_code(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: internal error: %s\n", error.what());
    return exit_code(ErrorKind::kInternal);
  }
}
