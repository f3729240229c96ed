// parley verify: computes a recorded reply again and says whether every bit came out the same.
#include <cstdio>
#include <memory>

#include "base/clock.hpp"
#include "base/cpu.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "cli/engine_options.hpp"
#include "cli/options.hpp"
#include "engine/replay/recorded_model.hpp"
#include "engine/replay/replay.hpp"

namespace parley::cli {
namespace {

constexpr std::size_t kMaxRecord = 64u << 20;

struct VerifyOptions {
  std::string record, model, isa;
  int threads = 0, chunk = 64;
};

void verify(const VerifyOptions& o) {
  const auto record = engine::parse_replay_record(read_file(o.record, kMaxRecord), o.record);
  const auto model = engine::load_recorded_model(record, package::ModelPackage(o.model), o.threads);
  const nn::Kernels& kernels = nn::select_kernels(o.isa);
  ThreadTeam team(o.threads > 0 ? o.threads : usable_cpus());
  const double start = Clock::system().monotonic_s();
  engine::Replay replay(*model, kernels, team, record, static_cast<int>(record.tokens.size()),
                        o.chunk);
  while (replay.step()) {
  }
  const double seconds = Clock::system().monotonic_s() - start;
  if (!replay.difference().empty()) {
    std::printf("DIFFERS: %s\n", replay.difference().c_str());
    throw CLI::RuntimeError(1);
  }
  const std::size_t rows = record.prompt.size() + record.tokens.size();
  std::printf("VERIFIED: %zu tokens after a prompt of %zu; %s, %d threads, %s, %.0f tokens/s\n",
              record.tokens.size(), record.prompt.size(), kernels.name, team.size(),
              human_seconds(seconds).c_str(), static_cast<double>(rows) / std::max(seconds, 1e-9));
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto o = std::make_shared<VerifyOptions>();
  CLI::App* c = app.add_subcommand(
      "verify", "Compute a recorded reply again: every token and every bit of its logits");
  c->footer(
      "Example:\n"
      "  parley generate stories.parley --prompt \"Once\" --record reply.json\n"
      "  parley verify reply.json --model stories.parley");
  c->add_option("RECORD", o->record, "What `parley generate --record` wrote")->required();
  c->add_option("--model", o->model, "The model that made the reply: a folder, .gguf or .parley")
      ->required();
  add_threads_option(*c, o->threads);
  add_kernels_option(*c, o->isa);
  c->add_option("--chunk", o->chunk, "Tokens computed together; the result does not depend on it")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  c->callback([o, &action] { action = [o] { verify(*o); }; });
}

}  // namespace parley::cli
