// A packed file is outside input: whatever its header says, it is refused or runs within its
// bounds.
#include <cstring>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/thread_team.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/packed_header.hpp"
#include "nn/model/forward.hpp"

namespace {

// Makes the sizes and the hash right, so that the header itself is reached.
void repair(std::vector<std::byte>& bytes) {
  using namespace parley::nn;
  if (bytes.size() < sizeof(PackedStart)) return;
  PackedStart start;
  std::memcpy(&start, bytes.data(), sizeof start);
  std::memcpy(start.magic, kPackedMagic, sizeof kPackedMagic);
  start.version = kPackedVersion;
  start.file_bytes = bytes.size();
  if (start.header_bytes > bytes.size() - sizeof start) return;
  parley::Sha256 hash;
  hash.update(bytes.data() + sizeof start, start.header_bytes);
  const parley::Digest digest = hash.digest();
  std::memcpy(start.header_sha256, digest.data(), digest.size());
  std::memcpy(bytes.data(), &start, sizeof start);
}

void run_one_token(const parley::nn::Model& model) {
  using namespace parley::nn;
  const ModelConfig& c = model.config();
  // What a shape asks for beyond its weights is for the caller to judge; here: stay small.
  if (c.heads > 256 || c.head_dim > 512 || c.vocabulary > 4096) return;
  parley::ThreadTeam team(1);
  KvCache cache(c, model.is_float32(), 1);
  ForwardPass forward(model, scalar_kernels(), cache, team, 1, 1);
  KvSequence sequence(cache);
  sequence.reserve(1);
  const Row row{c.vocabulary - 1, 0, &sequence, true};
  forward.run({&row, 1});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const auto* from = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(from, from + size);
  for (int repaired = 0; repaired < 2; ++repaired) {
    try {
      const nn::PackedFile file(bytes, nullptr, "fuzz");
      const auto model = file.model(nn::kKvBlock);
      run_one_token(*model);
      file.verify(1);
    } catch (const Error&) {
    }
    repair(bytes);
  }
  return 0;
}
