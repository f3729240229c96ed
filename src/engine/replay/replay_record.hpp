// What it takes to compute a reply again, bit for bit, and how to tell that it came out the same
// (docs/verify.md). No text: token ids only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.hpp"

namespace parley::engine {

struct ReplayRecord {
  std::string model;      // PackedFile::address() of the packed model
  std::string precision;  // "int8", "int4", "float32"
  int context = 0;        // Model::context()
  Sampling sampling;
  std::vector<text::TokenId> prompt;
  std::vector<text::TokenId> stop_tokens;
  // Every token that was sampled; where a stop token ended the reply, that one too, last.
  std::vector<text::TokenId> tokens;
  // The first eight hex digits of the chain after each token, and the chain's end: see Replay.
  std::vector<std::string> steps;
  std::string hash;
};

std::string write_replay_record(const ReplayRecord& record);  // as JSON
// Errors: kInvalidInput "WHERE: FIELD …".
ReplayRecord parse_replay_record(std::string_view text, const std::string& where);

}  // namespace parley::engine
