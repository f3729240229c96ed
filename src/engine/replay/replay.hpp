// Computes a recorded reply again, without the engine: no batch, no scheduler, one sequence. A
// reply whose tokens are known is run like a prompt, many tokens at a time, and each is sampled
// again from the logits before it; because bits do not depend on how a sequence is cut into steps,
// this checks the reply as it was made, several times faster than it was made.
//
// The chain of hashes says whether the logits were the same, every bit of them:
//   h₀ = 32 zero bytes;  hᵢ = SHA-256(hᵢ₋₁ ‖ logits before token i ‖ token i)
// the logits as little-endian float32 before any sampling setting touches them, one per vocabulary
// entry, the token as a little-endian int32.
#pragma once

#include <string>
#include <vector>

#include "base/sha256.hpp"
#include "base/thread_team.hpp"
#include "engine/replay/replay_record.hpp"
#include "engine/sampler.hpp"
#include "nn/model/forward.hpp"

namespace parley::engine {

class Replay {
 public:
  // Follows record.tokens, then samples on until there are `total` tokens or a stop token came:
  // with total = tokens.size() it checks a record, with more it makes one. At most `chunk` tokens
  // run together. Errors: kInvalidInput when the record does not fit the model.
  Replay(const nn::Model& model, const nn::Kernels& kernels, ThreadTeam& team,
         const ReplayRecord& record, int total, int chunk);

  // One chunk more. False when nothing is left, or something differed.
  bool step();
  // Of the tokens sampled so far, recorded or new.
  const std::vector<text::TokenId>& tokens() const { return tokens_; }
  const std::vector<Digest>& chain() const { return chain_; }  // h₁ …, one per token
  // What differs from the record: "token 17 is 523 in the record and 871 here", or that the logits
  // or the final hash do. Empty while all agrees, and where the record has no hashes.
  const std::string& difference() const { return difference_; }
  // Writes the tokens and hashes of the first `count` tokens into the record.
  void fill(ReplayRecord& record, std::size_t count) const;

 private:
  bool take(std::span<float> logits);  // samples one token; false when it differs
  bool ended() const;

  ReplayRecord record_;
  std::size_t total_;
  int chunk_;
  nn::KvCache cache_;
  nn::KvSequence sequence_;
  nn::ForwardPass forward_;
  Sampler sampler_;
  std::vector<text::TokenId> history_;  // prompt and reply, as far as known
  int in_cache_ = 0;
  std::vector<text::TokenId> tokens_;
  std::vector<Digest> chain_;
  std::string difference_;
};

}  // namespace parley::engine
