// parley generate: plain continuation of a prompt by a model folder, streamed to standard output.
#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/progress.hpp"
#include "base/terminal.hpp"
#include "cli/commands.hpp"
#include "cli/engine_options.hpp"
#include "cli/options.hpp"
#include "engine/engine.hpp"
#include "engine/replay/recorded_model.hpp"
#include "package/model_package.hpp"

namespace parley::cli {
namespace {

struct GenerateOptions {
  std::string model, prompt, isa, record, draft;
  int tokens = 128, threads = 0;
  bool no_pack_cache = false, greedy = false, float32 = false, int4 = false, stats = false;
  engine::Sampling sampling;
  std::vector<std::string> stop;
};

void generate(const GenerateOptions& o) {
  engine::Options engine_options;
  engine_options.threads = o.threads;
  engine_options.precision = o.float32 ? nn::Precision::kFloat32
                             : o.int4  ? nn::Precision::kInt4
                                       : nn::Precision::kInt8;
  engine_options.isa = o.isa;
  engine_options.max_concurrent = 1;
  engine_options.pack_cache.on = !o.no_pack_cache;
  const package::ModelPackage model(o.model);
  std::optional<package::ModelPackage> draft;
  if (!o.draft.empty()) draft.emplace(o.draft);
  auto engine = engine::Engine::load(model, engine_options, draft ? &*draft : nullptr);
  const text::TokenId bos = model.config().bos;

  engine::Request request;
  if (bos >= 0) request.prompt.push_back(bos);
  engine->tokenizer().encode(o.prompt, request.prompt);
  request.sampling = o.sampling;
  if (o.greedy) request.sampling.temperature = 0;
  request.max_tokens = o.tokens;
  request.stop = o.stop;
  request.stop_tokens = model.end_tokens();
  if (bos >= 0) request.stop_tokens.push_back(bos);

  engine::ReplayRecord record;
  record.sampling = request.sampling;
  record.prompt = request.prompt;
  record.stop_tokens = request.stop_tokens;

  std::promise<engine::Update> done;
  const double start = Clock::system().monotonic_s();
  double first = 0;
  // A reply from a bare start opens with the space that SentencePiece puts before every first word.
  bool trim = o.prompt.empty();
  engine->submit(std::move(request), [&](const engine::Update& update) {
    if (first == 0) first = Clock::system().monotonic_s();
    record.tokens.insert(record.tokens.end(), update.tokens.begin(), update.tokens.end());
    std::string text = update.text;
    if (trim && !text.empty()) {
      if (text[0] == ' ') text.erase(0, 1);
      trim = false;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    if (update.finished) done.set_value(update);
  });
  const engine::Update last = done.get_future().get();
  if (last.reason == engine::FinishReason::kError)
    fail(ErrorKind::kInternal, "generation failed: " + last.error);
  if (stdout_is_terminal()) std::printf("\n");
  if (o.stats) {
    const double end = Clock::system().monotonic_s();
    std::fprintf(stderr, "%s · prompt %d tokens in %s · %d tokens at %.1f tokens/s\n",
                 engine->model().kernels.c_str(), last.prompt_tokens,
                 human_seconds(first - start).c_str(), last.reply_tokens,
                 (last.reply_tokens - 1) / std::max(end - first, 1e-9));
  }
  if (o.record.empty()) return;
  engine.reset();
  engine::complete_record(record, last.reason == engine::FinishReason::kStop, model,
                          {engine_options.precision, o.threads, 0, engine_options.pack_cache});
  write_file_atomically(o.record, engine::write_replay_record(record));
}

}  // namespace

void add_generate(CLI::App& app, Action& action) {
  auto o = std::make_shared<GenerateOptions>();
  CLI::App* c = app.add_subcommand("generate", "Continue a text with a model folder");
  c->footer(
      "Examples:\n"
      "  parley generate .parley/models/current --prompt \"Once upon a time\"\n"
      "  parley generate models/stories --float32 --greedy --tokens 200 --stats");
  c->add_option(
       "MODEL", o->model,
       "Model folder (config.json, tokenizer.json, model.safetensors), .gguf or .parley file")
      ->required();
  c->add_option("-p,--prompt", o->prompt, "Text to continue (default: none)");
  c->add_option("-n,--tokens", o->tokens, "Longest reply, in tokens")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  c->add_flag("--greedy", o->greedy, "Always take the most likely token");
  c->add_flag("--int4", o->int4, "Weights in int4: half the memory, about twice as quick alone")
      ->excludes(c->add_flag("--float32", o->float32,
                             "Weights and activations in float32 (the slower reference)"));
  c->add_option("--temperature", o->sampling.temperature)
      ->capture_default_str()
      ->check(between(0.0, 10.0));
  c->add_option("--top-k", o->sampling.top_k, "0: off")
      ->capture_default_str()
      ->check(CLI::Range(0, 1'000'000));
  c->add_option("--top-p", o->sampling.top_p)->capture_default_str()->check(between(0.0, 1.0));
  c->add_option("--min-p", o->sampling.min_p)->capture_default_str()->check(between(0.0, 1.0));
  c->add_option("--repetition-penalty", o->sampling.repetition_penalty)
      ->capture_default_str()
      ->check(between(0.1, 10.0));
  add_seed_option(*c, o->sampling.seed, "The same seed gives the same text, on any processor");
  c->add_option("--stop", o->stop, "Text that ends the reply (repeatable)");
  add_threads_option(*c, o->threads);
  c->add_option("--draft", o->draft,
                "Smaller model of the same vocabulary that guesses ahead; the text stays the same")
      ->type_name("PATH");
  add_kernels_option(*c, o->isa);
  c->add_option("--record", o->record,
                "Write what `parley verify` needs to compute the reply again, bit for bit")
      ->type_name("FILE");
  c->add_flag("--no-pack-cache", o->no_pack_cache, "Pack the weights anew and keep nothing");
  c->add_flag("--stats", o->stats, "Print speed to standard error");
  c->callback([o, &action] { action = [o] { generate(*o); }; });
}

}  // namespace parley::cli
