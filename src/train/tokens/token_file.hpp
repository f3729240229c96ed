// The dataset as tokens, made once and mapped: a header, document offsets, ids and target flags.
//   "PARLEYT1", int64 documents, int64 tokens, int64 offset[documents + 1], uint32 token[tokens]
// The top bit of a token says that it is a training target.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "prompt/chat_format.hpp"

namespace parley::train {

inline constexpr std::uint32_t kTargetBit = 1u << 31;

// Written atomically.
class TokenFileWriter {
 public:
  void add(const text::EncodedChat& document);
  std::int64_t tokens() const { return static_cast<std::int64_t>(tokens_.size()); }
  std::int64_t documents() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  void save(const std::filesystem::path& path) const;

 private:
  std::vector<std::int64_t> offsets_ = {0};
  std::vector<std::uint32_t> tokens_;
};

// In memory once loaded: at 4 bytes a token, a billion tokens are 4 GB of page cache, not of heap.
class TokenFile {
 public:
  // Errors: kNotFound, kInvalidInput (damaged, or an id past `vocabulary`).
  TokenFile(const std::filesystem::path& path, int vocabulary);
  ~TokenFile();
  std::int64_t documents() const { return documents_; }
  std::int64_t tokens() const { return token_count_; }
  const std::uint32_t* document(std::int64_t i) const { return tokens_ + offsets_[i]; }
  std::int64_t length(std::int64_t i) const { return offsets_[i + 1] - offsets_[i]; }

 private:
  struct Map;
  std::unique_ptr<Map> map_;
  std::int64_t documents_ = 0, token_count_ = 0;
  const std::int64_t* offsets_ = nullptr;
  const std::uint32_t* tokens_ = nullptr;
};

}  // namespace parley::train
