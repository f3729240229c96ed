// The run loop: batches in, checkpoints and a finished model out.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "base/clock.hpp"
#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "train/model/export.hpp"
#include "train/run/display.hpp"
#include "train/tokens/prepare.hpp"
#include "train/train.hpp"

namespace parley::train {
namespace {
namespace fs = std::filesystem;

constexpr std::int64_t kMeasuredSteps =
    12;  // the first ones warm caches up; the median of the rest sets the horizon
constexpr int kValidationRows = 48;

// One JSON object a line; cut back to the resumed step, so that a killed run's log continues as if
// it had not been.
class RunLog {
 public:
  RunLog(const fs::path& path, std::int64_t resumed_step) : path_(path) {
    std::string kept;
    if (resumed_step > 0 && fs::exists(path)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        const auto entry = try_parse_json(line);
        if (entry && entry->is_object() && entry->value("step", std::int64_t{0}) <= resumed_step &&
            !in.eof())
          kept += line + "\n";
      }
    }
    write_file_atomically(path, kept);
    out_.open(path, std::ios::app);
  }
  void add(const Json& entry) {
    out_ << to_text(entry) << "\n";
    out_.flush();
  }

 private:
  fs::path path_;
  std::ofstream out_;
};

void print_plan(const TrainPlan& p, const PreparedData& data, const TorchTrainer& trainer,
                double peak, int threads) {
  const nn::ModelConfig& c = p.model;
  const auto line = [](const char* name, const std::string& value) {
    std::fprintf(stderr, "  %-12s %s\n", name, value.c_str());
  };
  std::fprintf(stderr, "plan\n");
  line("model",
       fmt::format("{}: {} parameters; width {}, {} layers, {} heads ({} for keys), hidden {}",
                   p.size, human_count(double(trainer.parameters())), c.width, c.layers, c.heads,
                   c.kv_heads, c.hidden));
  line("text", fmt::format("vocabulary {}, context {}, rows of {} tokens", c.vocabulary, c.context,
                           p.sequence));
  line("data",
       fmt::format("{} documents, {} tokens, {} of them to predict", data.train->documents(),
                   human_count(double(data.train->tokens())), human_count(double(data.targets))));
  line("optimiser", fmt::format("AdamW, learning rate {:.2g} with warm-up and linear decay, weight "
                                "decay {}, dropout {}, batch {} × {}",
                                p.learning_rate, p.weight_decay, p.dropout, p.batch, p.sequence));
  line("horizon",
       p.steps > 0 ? fmt::format("{} steps", p.steps)
                   : fmt::format("{} minutes{}", p.minutes,
                                 p.max_epochs > 0 ? fmt::format(", at most {} passes over the data",
                                                                p.max_epochs)
                                                  : ""));
  line("machine", fmt::format("{}, {} thread{}, {} at {:.0f} GFLOP/s peak", cpu_name(), threads,
                              threads == 1 ? "" : "s", trainer.compute_type(), peak / 1e9));
}

class Run {
 public:
  Run(const ProjectFolder& project, const ModelSettings& model, const TrainSettings& training,
      const TrainOptions& options)
      : project_(project),
        options_(options),
        threads_(options.threads > 0 ? options.threads : usable_cpus()),
        data_(prepare_data(project, planned_vocabulary(model), threads_)),
        plan_(make_plan(model, training, data_.train->tokens())) {
    plan_.model.vocabulary = static_cast<int>(data_.bpe.tokens.size());
    trainer_ = std::make_unique<TorchTrainer>(plan_, threads_, options.compute);
    id_ = run_key(plan_, data_.dataset, trainer_->compute_type(), threads_);
    folder_ = project.training_dir() / ("run-" + id_);
    if (options.fresh) fs::remove_all(folder_);
    fs::create_directories(folder_);
  }

  TrainOutcome go() {
    peak_ = trainer_->measure_peak();
    print_plan(plan_, data_, *trainer_, peak_, threads_);
    BatchStream stream(*data_.train, plan_.sequence, plan_.batch, plan_.seed);
    if (const auto saved = load_checkpoint(folder_, id_, trainer_->state())) {
      state_ = *saved;
      trainer_->weights_changed();
      stream.seek(state_.epoch, state_.row);
      std::fprintf(stderr, "resumed at step %lld\n", static_cast<long long>(state_.step));
    }
    state_.plan = id_;
    if (state_.steps > 0) plan_.steps = state_.steps;
    if (plan_.steps > 0) state_.steps = plan_.steps;
    prepare_validation();
    RunLog log(folder_ / "log.jsonl", state_.step);
    TrainDisplay display;
    const Clock& clock = Clock::system();
    double last_checkpoint = clock.monotonic_s(), last_step = last_checkpoint;
    std::int64_t steps_here = 0;
    while (!state_.stopped_early && (plan_.steps == 0 || state_.step < plan_.steps)) {
      const double start = clock.monotonic_s();
      const Batch batch = stream.next();
      const double rate = learning_rate();
      const StepResult result = trainer_->step(batch, rate, state_.step);
      if (!std::isfinite(result.loss)) {
        fail(ErrorKind::kInvalidInput,
             fmt::format("training diverged at step {}: the loss is not a number", state_.step),
             "lower training.learning_rate in parley.yaml and train with --fresh");
      }
      ++state_.step;
      ++steps_here;
      state_.epoch = stream.epoch();
      state_.row = stream.row();
      const double spent = clock.monotonic_s() - start;
      note_speed(batch, spent);
      state_.loss = state_.loss == 0 ? result.loss : 0.95 * state_.loss + 0.05 * result.loss;
      log.add({{"step", state_.step},
               {"loss", result.loss},
               {"gradient_norm", result.gradient_norm},
               {"learning_rate", rate}});
      // Validation and checkpoints of the step before count too.
      state_.seconds += clock.monotonic_s() - last_step;
      last_step = clock.monotonic_s();
      // The horizon is part of the run: a run killed from here on must end at the same step.
      const std::int64_t horizon = state_.steps, look_again = state_.replan_at;
      if (plan_.steps == 0 && state_.step >= kMeasuredSteps) set_horizon();
      if (state_.replan_at > 0 && state_.step >= state_.replan_at) replan();
      const bool planned = state_.steps != horizon || state_.replan_at != look_again;
      const bool last = plan_.steps > 0 && state_.step == plan_.steps;
      if (last || (plan_.steps > 0 && state_.step % validation_every() == 0))
        validate(log, display, last);
      show(display, rate, result.loss);
      const bool stop_here = options_.stop_after > 0 && steps_here >= options_.stop_after;
      if (planned || last || stop_here || state_.stopped_early ||
          clock.monotonic_s() - last_checkpoint > options_.checkpoint_seconds) {
        save_checkpoint(folder_, state_, trainer_->state());
        last_checkpoint = clock.monotonic_s();
      }
      if (stop_here && !last) return {};
    }
    display.close();
    return finish();
  }

 private:
  // Before the horizon is known the rate climbs as in a long run's warm-up; the first steps do not
  // depend on the rest.
  double warmup_rate(std::int64_t step) const {
    return plan_.learning_rate * std::min(1.0, double(step + 1) / 50.0);
  }

  // A time budget becomes a number of steps, so that what a step does follows from the checkpoint
  // before it. The clock is asked again a few times, because a busy machine changes its speed; then
  // the learning rate falls from where it is to zero at the new end.
  double learning_rate() const {
    if (plan_.steps == 0) return warmup_rate(state_.step);
    if (state_.anchor_rate == 0) return learning_rate_at(plan_, state_.step);
    return state_.anchor_rate * static_cast<double>(plan_.steps - state_.step - 1) /
           static_cast<double>(std::max<std::int64_t>(1, plan_.steps - state_.anchor_step - 1));
  }

  // Time enough for many passes is not used up: the plan says after how many the data is learnt.
  std::int64_t capped(std::int64_t steps) const {
    if (plan_.max_epochs <= 0) return steps;
    const double tokens_per_step = 0.95 * plan_.sequence * plan_.batch;  // rows are not quite full
    const double most =
        plan_.max_epochs * static_cast<double>(data_.train->tokens()) / tokens_per_step;
    return std::min(steps, std::max<std::int64_t>(200, static_cast<std::int64_t>(most)));
  }

  void set_horizon() {
    std::vector<double> sorted(step_seconds_.begin() + step_seconds_.size() / 3,
                               step_seconds_.end());
    std::sort(sorted.begin(), sorted.end());
    const double typical = sorted[sorted.size() / 2];
    const double left = plan_.minutes * 60 - state_.seconds;
    // Validation takes a share of the time too: 3 % is what it was seen to take.
    plan_.steps = capped(
        state_.step + std::max<std::int64_t>(20, static_cast<std::int64_t>(left * 0.97 / typical)));
    state_.replan_at = state_.step + std::max<std::int64_t>(10, (plan_.steps - state_.step) / 8);
    state_.steps = plan_.steps;
  }

  void replan() {
    const double speed = static_cast<double>(state_.step) / state_.seconds;  // steps a second
    const double left = plan_.minutes * 60 - state_.seconds;
    const auto steps =
        std::max(state_.step + 1,
                 capped(state_.step + static_cast<std::int64_t>(std::max(0.0, left) * speed)));
    const double change =
        std::abs(static_cast<double>(steps - plan_.steps)) / static_cast<double>(plan_.steps);
    if (change > 0.01) {
      if (learning_rate_at(plan_, state_.step) < learning_rate_at(plan_, state_.step + 1)) {
        plan_.steps = std::max(steps, state_.step + 20);  // still warming up: nothing to anchor
      } else {
        state_.anchor_rate = learning_rate();
        state_.anchor_step = state_.step - 1;
        plan_.steps = steps;
      }
    }
    const std::int64_t rest = plan_.steps - state_.step;
    state_.replan_at = rest > 20 ? state_.step + rest / 4 : 0;
    state_.steps = plan_.steps;
  }

  std::int64_t validation_every() const { return std::max<std::int64_t>(25, plan_.steps / 20); }

  void note_speed(const Batch& batch, double seconds) {
    step_seconds_.push_back(seconds);
    const double flops = trainer_->flops(batch) / seconds;
    const double tokens = static_cast<double>(batch.used_tokens) / seconds;
    flops_ = flops_ == 0 ? flops : 0.9 * flops_ + 0.1 * flops;
    speed_ = speed_ == 0 ? tokens : 0.9 * speed_ + 0.1 * tokens;
  }

  void prepare_validation() {
    if (data_.validation->documents() == 0) return;
    const auto rows = pack_epoch(*data_.validation, plan_.sequence, 1, 0);
    const int count = static_cast<int>(std::min<std::size_t>(rows.size(), kValidationRows));
    for (int at = 0; at < count; at += plan_.batch) {
      validation_.push_back(make_batch(*data_.validation, rows.data() + at,
                                       std::min(plan_.batch, count - at), plan_.sequence));
    }
  }

  // Ends training when the held-out loss has been clearly above its best three times in a row.
  void validate(RunLog& log, TrainDisplay& display, bool last) {
    EvalResult total;
    for (const Batch& batch : validation_) {
      const EvalResult part = trainer_->evaluate(batch);
      total.loss_sum += part.loss_sum;
      total.targets += part.targets;
    }
    if (total.targets == 0) return;
    state_.validation_loss = total.mean();
    log.add({{"step", state_.step}, {"validation_loss", state_.validation_loss}});
    if (state_.validation_loss < state_.best_validation) {
      state_.best_validation = state_.validation_loss;
      state_.best_step = state_.step;
      state_.worse_in_a_row = 0;
      if (keep_best()) save_best();
    } else if (state_.validation_loss > state_.best_validation * 1.02) {
      ++state_.worse_in_a_row;
    }
    if (!plan_.early_stop || last || state_.worse_in_a_row < 3) return;
    state_.stopped_early = true;
    display.message(fmt::format("stopping early: the held-out loss has not improved since step {}",
                                state_.best_step));
  }

  // Near the end the newest model is nearly always the best; keeping each best from the middle on
  // costs little.
  bool keep_best() const { return plan_.early_stop && state_.step * 2 > plan_.steps; }
  void save_best() {
    std::vector<FloatArray> arrays = trainer_->state();
    save_checkpoint(folder_ / "best", state_, arrays);
  }

  void show(TrainDisplay& display, double rate, float loss) {
    DisplayState s;
    s.step = state_.step;
    s.steps = plan_.steps;
    s.loss = state_.loss;
    s.validation = state_.validation_loss;
    s.tokens_per_second = speed_;
    s.peak_share = peak_ > 0 ? flops_ / peak_ : 0;
    s.seconds = state_.seconds;
    s.learning_rate = rate;
    s.epoch = state_.epoch;
    if (plan_.steps > 0 && speed_ > 0) {
      const std::size_t recent = std::min<std::size_t>(step_seconds_.size(), 20);
      double sum = 0;
      for (std::size_t i = step_seconds_.size() - recent; i < step_seconds_.size(); ++i)
        sum += step_seconds_[i];
      s.seconds_left =
          static_cast<double>(plan_.steps - state_.step) * sum / static_cast<double>(recent);
    }
    display.update(s, loss);
  }

  TrainOutcome finish() {
    TrainOutcome outcome;
    outcome.validation_loss = state_.validation_loss;
    if (state_.validation_loss > state_.best_validation * 1.002) {
      if (const auto best = load_checkpoint(folder_ / "best", id_, trainer_->state())) {
        trainer_->weights_changed();
        outcome.validation_loss = best->best_validation;
        std::fprintf(stderr, "keeping the model of step %lld, the best on held-out text\n",
                     static_cast<long long>(best->step));
      }
    }
    Json facts = {{"plan", describe_plan(plan_)}};
    facts["steps"] = state_.step;
    facts["train_loss"] = state_.loss;
    facts["validation_loss"] = outcome.validation_loss;
    facts["tokens"] = data_.train->tokens();
    facts["training_minutes"] = state_.seconds / 60;
    facts["stopped_early"] = state_.stopped_early;
    facts["compute"] = trainer_->compute_type();
    outcome.model = export_model(project_, plan_, data_.bpe, *trainer_, options_.advice,
                                 {{"dataset", data_.dataset}}, facts);
    outcome.steps = state_.step;
    outcome.train_loss = state_.loss;
    outcome.minutes = state_.seconds / 60;
    outcome.finished = true;
    return outcome;
  }

  const ProjectFolder& project_;
  TrainOptions options_;
  int threads_;
  PreparedData data_;
  TrainPlan plan_;
  std::unique_ptr<TorchTrainer> trainer_;
  std::string id_;
  fs::path folder_;
  TrainState state_;
  std::vector<Batch> validation_;
  std::vector<double> step_seconds_;
  double peak_ = 0, flops_ = 0, speed_ = 0;
};

}  // namespace

TrainOutcome train_project(const ProjectFolder& project, const ModelSettings& model,
                           const TrainSettings& training, const TrainOptions& options) {
  return Run(project, model, training, options).go();
}

}  // namespace parley::train
