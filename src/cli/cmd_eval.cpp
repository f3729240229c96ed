// parley eval: perplexity and bits per byte of a model on conversations it has not seen.
#include <cmath>
#include <cstdio>
#include <memory>

#include "base/error.hpp"
#include "base/json.hpp"
#include "cli/commands.hpp"
#include "cli/engine_options.hpp"
#include "cli/options.hpp"
#include "eval/perplexity.hpp"
#include "settings/project.hpp"

namespace parley::cli {
namespace {

struct EvalOptions {
  std::string project = ".", model, file, reference;
  eval::PredictionOptions prediction;
  bool json = false;
};

void evaluate(const EvalOptions& o) {
  const std::filesystem::path path = o.model.empty()
                                         ? settings::load_project(o.project).folder.current_model()
                                         : std::filesystem::path(o.model);
  if (!std::filesystem::exists(path)) {
    fail(ErrorKind::kNotFound, path.string() + ": no model there",
         "train one with `parley train`, or name a folder with --model");
  }
  const package::ModelPackage model(path);
  const std::string kind = std::filesystem::path(o.file).extension().string();
  const bool plain = kind == ".txt" || kind == ".md";
  const eval::PredictionReport r = plain ? eval::score_text(model, o.file, o.prediction)
                                         : eval::score_conversations(model, o.file, o.prediction);
  Json out = {{"conversations", r.conversations},
              {"targets", r.targets},
              {"loss", r.loss_sum / static_cast<double>(r.targets)},
              {"perplexity", r.perplexity()},
              {"bits_per_byte", r.bits_per_byte()},
              {"top1", static_cast<double>(r.top1_hits) / static_cast<double>(r.targets)},
              {"precision", nn::precision_name(o.prediction.precision)},
              {"kernels", r.kernels}};
  if (plain) out.erase("conversations");
  if (!o.reference.empty()) {
    const eval::ReferenceScores reference = eval::read_reference(o.reference);
    if (reference.argmax.size() != r.argmax.size()) {
      fail(ErrorKind::kInvalidInput,
           o.reference + ": has " + std::to_string(reference.argmax.size()) +
               " scores, the file has " + std::to_string(r.argmax.size()) + " targets",
           "make the reference from the same model and file");
    }
    std::size_t equal = 0;
    for (std::size_t i = 0; i < r.argmax.size(); ++i) equal += r.argmax[i] == reference.argmax[i];
    const double perplexity = std::exp(reference.loss_sum / static_cast<double>(r.targets));
    out["reference_perplexity"] = perplexity;
    out["perplexity_ratio"] = r.perplexity() / perplexity;
    out["top1_agreement"] = static_cast<double>(equal) / static_cast<double>(r.targets);
  }
  if (o.json) {
    std::printf("%s\n", to_text(out).c_str());
    return;
  }
  for (const auto& [name, value] : out.items()) {
    std::printf("%-22s %s\n", name.c_str(),
                value.is_string() ? value.get<std::string>().c_str() : to_text(value).c_str());
  }
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  auto o = std::make_shared<EvalOptions>();
  CLI::App* c = app.add_subcommand(
      "eval", "Measure perplexity and bits per byte on conversations or plain text");
  c->footer(
      "Bits per byte compare models with different tokenizers: the bits to predict all assistant "
      "tokens, end tokens\n"
      "included, over the bytes of the assistant's text. Lower is better.\n"
      "\nExamples:\n"
      "  parley eval held_out.jsonl\n"
      "  parley eval book.txt --model models/llama-3.2-1b --precision int4    any model, any text\n"
      "  parley eval held_out.jsonl --model .parley/models/current --precision float32 --json");
  c->add_option("FILE", o->file, "OpenAI chat JSONL, or plain text (.txt, .md)")->required();
  add_project_option(*c, o->project, "Project whose current model is measured");
  c->add_option("--model", o->model, "A model folder instead");
  add_precision_option(*c, o->prediction.precision,
                       "Weights in int8 (as served), int4, or float32 (the slow reference)");
  c->add_option("--reference", o->reference,
                "Scores written by `parley-train eval --dump`, to agree with");
  add_threads_option(*c, o->prediction.threads);
  add_kernels_option(*c, o->prediction.isa);
  c->add_flag("--json", o->json, "One JSON object");
  c->callback([o, &action] { action = [o] { evaluate(*o); }; });
}

}  // namespace parley::cli
