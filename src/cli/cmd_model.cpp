// parley model import: other people's checkpoints into the folder layout everything else reads.
#include <cstdio>
#include <memory>

#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "engine/llama2c_import.hpp"
#include "nn/model_config.hpp"

namespace parley::cli {
namespace {

struct ImportOptions {
  std::string llama2c, tokenizer, out;
};

void add_import(CLI::App& parent) {
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
  app->callback([options] {
    engine::import_llama2c(options->llama2c, options->tokenizer, options->out);
    const auto config = nn::read_model_config(std::filesystem::path(options->out) / "config.json");
    std::printf(
        "Imported %s parameters into %s\nTry it: parley generate %s --prompt \"Once upon a "
        "time\"\n",
        human_count(static_cast<double>(config.parameters())).c_str(), options->out.c_str(),
        options->out.c_str());
  });
}

}  // namespace

void add_model(CLI::App& app) {
  CLI::App* model = app.add_subcommand("model", "Work with model folders");
  model->require_subcommand(1);
  add_import(*model);
}

}  // namespace parley::cli
