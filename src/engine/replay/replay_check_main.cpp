// replay_check MODEL.parley RECORD.json [ISA ...]: the verifier for targets where `parley` is not
// built. One line per instruction set (default: all there are) and step size, 'ISA CHUNK HASH
// VERIFIED' or what differs; exit code 1 when something does.
#include <cstdio>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "engine/replay/replay.hpp"
#include "nn/files/packed_file.hpp"

namespace parley::engine {
namespace {

bool check(const nn::Model& model, const ReplayRecord& record, const nn::Kernels& kernels,
           int chunk) {
  ThreadTeam team(1);
  Replay replay(model, kernels, team, record, static_cast<int>(record.tokens.size()), chunk);
  while (replay.step()) {
  }
  const bool same = replay.difference().empty();
  const std::string hash = replay.chain().empty() ? "-" : to_hex(replay.chain().back());
  std::printf("%s %d %s %s\n", kernels.name, chunk, hash.c_str(),
              same ? "VERIFIED" : replay.difference().c_str());
  return same;
}

int run(int argc, char** argv) {
  if (argc < 3) fail(ErrorKind::kUsage, "usage: replay_check MODEL.parley RECORD.json [ISA ...]");
  const auto file = std::make_shared<const MappedFile>(argv[1]);
  const nn::PackedFile packed(file->bytes(), file, argv[1]);
  packed.verify(1);
  const ReplayRecord record = parse_replay_record(read_file(argv[2]), argv[2]);
  if (record.model != packed.address())
    fail(ErrorKind::kInvalidInput, std::string(argv[2]) + ": was made with another model");
  const auto model = packed.model(record.context);
  std::vector<const nn::Kernels*> kernels;
  for (int i = 3; i < argc; ++i) kernels.push_back(&nn::select_kernels(argv[i]));
  if (kernels.empty()) kernels = nn::available_kernels();
  bool same = true;
  for (const nn::Kernels* each : kernels) {
    for (const int chunk : {64, 7}) same = check(*model, record, *each, chunk) && same;
  }
  return same ? 0 : 1;
}

}  // namespace
}  // namespace parley::engine

int main(int argc, char** argv) {
  try {
    return parley::engine::run(argc, argv);
  } catch (const parley::Error& e) {
    std::fprintf(stderr, "error: %s\n hint: %s\n", e.message().c_str(), e.hint().c_str());
    return parley::exit_code(e.kind());
  }
}
