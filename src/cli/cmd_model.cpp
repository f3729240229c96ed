// parley model import and pack: other people's checkpoints into the folder layout everything else
// reads, and a model folder into one file that is ready to run.
#include <cstdio>
#include <memory>

#include "base/progress.hpp"
#include "cli/commands.hpp"
#include "nn/model/model_config.hpp"
#include "package/llama2c_import.hpp"
#include "package/packed_model.hpp"

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

struct PackOptions {
  std::string model, precision = "int8", out;
  int threads = 0;
};

void add_pack(CLI::App& parent) {
  auto options = std::make_shared<PackOptions>();
  CLI::App* app = parent.add_subcommand(
      "pack", "Quantise and pack a model into one file that starts at once and can be verified");
  app->footer(
      "Example:\n"
      "  parley model pack models/stories --precision int4 -o stories.parley\n"
      "  parley generate stories.parley --prompt \"Once upon a time\"");
  app->add_option("MODEL", options->model, "Model folder or .gguf file")->required();
  app->add_option("--precision", options->precision, "Of the weights")
      ->capture_default_str()
      ->check(CLI::IsMember({"int8", "int4"}));
  app->add_option("-o,--out", options->out, "The file to write, ending in .parley")->required();
  app->add_option("--threads", options->threads, "0: all usable processors")->capture_default_str();
  app->callback([options] {
    nn::ModelOptions own;
    own.precision = options->precision == "int4" ? nn::Precision::kInt4 : nn::Precision::kInt8;
    own.threads = options->threads;
    const std::string address = engine::pack_model(options->model, options->out, own);
    std::printf("Packed %s into %s (%s, %s)\nAddress: %s\n", options->model.c_str(),
                options->out.c_str(), options->precision.c_str(),
                human_bytes(std::filesystem::file_size(options->out)).c_str(), address.c_str());
  });
}

}  // namespace

void add_model(CLI::App& app) {
  CLI::App* model = app.add_subcommand("model", "Work with model folders");
  model->require_subcommand(1);
  add_import(*model);
  add_pack(*model);
}

}  // namespace parley::cli
