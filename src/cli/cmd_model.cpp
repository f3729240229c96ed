// parley model import and pack: other people's checkpoints into the folder layout everything else
// reads, and a model folder into one file that is ready to run.
#include <cstdio>
#include <memory>

#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "cli/engine_options.hpp"
#include "cli/options.hpp"
#include "package/llama2c_import.hpp"
#include "package/model_package.hpp"
#include "package/pack_model.hpp"

namespace parley::cli {
namespace {

struct ImportOptions {
  std::string llama2c, tokenizer, out;
};

void import(const ImportOptions& o) {
  package::import_llama2c(o.llama2c, o.tokenizer, o.out);
  const package::ModelPackage made(o.out);
  std::printf(
      "Imported %s parameters into %s\nTry it: parley generate %s --prompt \"Once upon a time\"\n",
      human_count(static_cast<double>(made.config().parameters())).c_str(), o.out.c_str(),
      o.out.c_str());
}

void add_import(CLI::App& parent, Action& action) {
  auto options = std::make_shared<ImportOptions>();
  CLI::App* app =
      parent.add_subcommand("import", "Bring a checkpoint made elsewhere into a model folder");
  app->footer(
      "Example:\n"
      "  parley model import --llama2c stories260K.bin --tokenizer tok512.bin models/stories\n"
      "  parley generate models/stories --prompt \"Once upon a time\"");
  app->add_option("--llama2c", options->llama2c, "Weights in llama2.c's legacy float32 layout")
      ->required();
  app->add_option("--tokenizer", options->tokenizer,
                  "Its tokenizer file (tok512.bin, tokenizer.bin)")
      ->required();
  app->add_option("DIR", options->out, "The folder to write; must not exist or be empty")
      ->required();
  app->callback([options, &action] { action = [options] { import(*options); }; });
}

struct PackOptions {
  std::string model, out;
  nn::ModelOptions own;
};

// Float32 is not packed: it is the reference, read from the weights themselves.
constexpr nn::Precision kPacked[] = {nn::Precision::kInt8, nn::Precision::kInt4};

void pack(const PackOptions& o) {
  const std::string address = package::pack_model(package::ModelPackage(o.model), o.out, o.own);
  std::printf("Packed %s into %s (%s, %s)\nAddress: %s\n", o.model.c_str(), o.out.c_str(),
              nn::precision_name(o.own.precision),
              human_bytes(static_cast<double>(std::filesystem::file_size(o.out))).c_str(),
              address.c_str());
}

void add_pack(CLI::App& parent, Action& action) {
  auto options = std::make_shared<PackOptions>();
  CLI::App* app = parent.add_subcommand(
      "pack", "Quantise and pack a model into one file that starts at once and can be verified");
  app->footer(
      "Example:\n"
      "  parley model pack models/stories --precision int4 -o stories.parley\n"
      "  parley generate stories.parley --prompt \"Once upon a time\"");
  app->add_option("MODEL", options->model, "Model folder or .gguf file")->required();
  add_precision_option(*app, options->own.precision, "Of the weights", kPacked);
  app->add_option("-o,--out", options->out, "The file to write, ending in .parley")->required();
  add_threads_option(*app, options->own.threads);
  app->callback([options, &action] { action = [options] { pack(*options); }; });
}

}  // namespace

void add_model(CLI::App& app, Action& action) {
  CLI::App* model = app.add_subcommand("model", "Work with model folders");
  model->require_subcommand(1);
  add_import(*model, action);
  add_pack(*model, action);
}

}  // namespace parley::cli
