// The identity of a checkpoint: a hash over the bytes of every file that a model is made of.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace parley::nn {

// The files that open_weight_files() reads for `model`, sorted: config.json and the weight files of
// a Hugging Face folder, or the one .gguf file. Errors: as open_weight_files().
std::vector<std::filesystem::path> weight_file_list(const std::filesystem::path& model);

// SHA-256 over, for each file, its name, a zero byte, its size (8 bytes, little-endian) and the
// SHA-256 of every 16 MiB of it, the last piece shorter: pieces are hashed on several threads
// (0: usable_cpus()). A manifest beside the files is not asked: it may be older than they are.
// Errors: kNotFound, kIo.
std::string weights_hash(const std::vector<std::filesystem::path>& files, int threads);

}  // namespace parley::nn
