#include "nn/files/weights_hash.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/thread_team.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/files/weight_files.hpp"

namespace parley::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPiece = 16u << 20;

}  // namespace

std::vector<fs::path> weight_file_list(const fs::path& model) {
  if (const fs::path gguf = find_gguf(model); !gguf.empty()) return {gguf};
  const fs::path whole = model / "model.safetensors",
                 index = model / "model.safetensors.index.json";
  std::vector<fs::path> files = {model / "config.json"};
  if (fs::exists(whole)) {
    files.push_back(whole);
  } else if (fs::exists(index)) {
    files.push_back(index);
    std::set<std::string> shards;
    for (const auto& [tensor, shard] :
         parse_safetensors_index(read_file(index, kMaxSafetensorsIndex), index.string()))
      shards.insert(shard);
    for (const std::string& shard : shards) files.push_back(model / shard);
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string weights_hash(const std::vector<fs::path>& files, int threads) {
  struct Piece {
    std::string_view text;
    Digest digest{};
  };
  std::vector<std::unique_ptr<MappedFile>> maps;
  std::vector<Piece> pieces;
  for (const fs::path& file : files) {
    maps.push_back(std::make_unique<MappedFile>(file));
    const std::string_view text = maps.back()->text();
    for (std::size_t at = 0; at < text.size(); at += kPiece)
      pieces.push_back({text.substr(at, kPiece)});
  }
  std::atomic<std::size_t> next{0};
  parallel_for(static_cast<int>(pieces.size()), threads, [&](int, int) {
    for (std::size_t i = next++; i < pieces.size(); i = next++) {
      Sha256 hash;
      hash.update(pieces[i].text);
      pieces[i].digest = hash.digest();
    }
  });
  Sha256 all;
  std::size_t piece = 0;
  for (std::size_t f = 0; f < files.size(); ++f) {
    const std::uint64_t size = maps[f]->text().size();
    all.update(files[f].filename().string());
    all.update(std::string_view("\0", 1));
    all.update(&size, sizeof size);
    for (std::size_t at = 0; at < size; at += kPiece, ++piece)
      all.update(pieces[piece].digest.data(), pieces[piece].digest.size());
  }
  return all.hex();
}

}  // namespace parley::nn
