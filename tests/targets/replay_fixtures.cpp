// replay_fixtures FOLDER: tiny random models of several families as packed files, each with the
// record of a reply made by the scalar kernels: NAME.parley and NAME.json. Every target replays
// them.
#include <cstdio>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "engine/replay/replay.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley {
namespace {

constexpr int kPrompt = 70, kReply = 60;  // together they pass a block of 64 positions twice

void make(const std::filesystem::path& folder, test::Family family, nn::Precision precision) {
  const test::TempDir dir;
  test::write_tiny_checkpoint(dir.path(), family);
  nn::ModelOptions options;
  options.precision = precision;
  options.context = kPrompt + kReply;
  const auto model = nn::Model::load(dir.path(), options);
  const nn::PackedWriter writer(*model, 1);
  const std::string name = test::family_name(family) + "-" + nn::precision_name(precision);
  writer.write(folder / (name + ".parley"), "a fixture", {});

  engine::ReplayRecord record;
  record.model = writer.address();
  record.precision = nn::precision_name(precision);
  record.context = model->context();
  record.prompt = test::random_tokens(model->config().vocabulary, kPrompt);
  record.sampling.temperature = 0.9f;
  record.sampling.top_p = 0.95f;
  record.sampling.top_k = 80;
  record.sampling.repetition_penalty = 1.1f;
  record.sampling.seed = 12345678901234567890u;
  ThreadTeam team(1);
  const int total = model->context() - kPrompt;
  engine::Replay replay(*model, nn::scalar_kernels(), team, record, total, 16);
  while (replay.step()) {
  }
  replay.fill(record, replay.tokens().size());
  write_file_atomically(folder / (name + ".json"), engine::write_replay_record(record));
  std::printf("%s %zu tokens %s\n", name.c_str(), record.tokens.size(), record.hash.c_str());
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
  using namespace parley;
  if (argc != 2) {
    std::fprintf(stderr, "usage: replay_fixtures FOLDER\n");
    return 2;
  }
  try {
    using test::Family;
    for (const Family family : {Family::kLlama3, Family::kQwen3, Family::kGemma2, Family::kGpt2}) {
      for (const nn::Precision precision : {nn::Precision::kInt8, nn::Precision::kInt4})
        make(argv[1], family, precision);
    }
    make(argv[1], Family::kLlama, nn::Precision::kFloat32);
  } catch (const Error& e) {
    std::fprintf(stderr, "error: %s\n", e.message().c_str());
    return exit_code(e.kind());
  }
  return 0;
}
