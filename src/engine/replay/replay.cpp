#include "engine/replay/replay.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace parley::engine {
namespace {

using text::TokenId;

std::string beginning(const Digest& digest) {
  return to_hex(digest).substr(0, 8);
}

void check(const ReplayRecord& record, const nn::Model& model, std::size_t total) {
  const auto bad = [](const std::string& what) {
    fail(ErrorKind::kInvalidInput, "the record does not fit the model: " + what,
         "verify with the model that the reply was made with");
  };
  if (record.precision != nn::precision_name(model.precision()))
    bad("it was made in " + record.precision);
  if (record.context != model.context())
    bad("its context is " + std::to_string(record.context) + ", the model's " +
        std::to_string(model.context()));
  if (record.prompt.empty()) bad("the prompt is empty");
  if (record.prompt.size() + total > static_cast<std::size_t>(model.context()))
    bad("it is longer than the context");
  for (const auto* list : {&record.prompt, &record.tokens}) {
    for (const TokenId id : *list) {
      if (id < 0 || id >= model.config().vocabulary)
        bad("token " + std::to_string(id) + " is out of range");
    }
  }
}

}  // namespace

Replay::Replay(const nn::Model& model, const nn::Kernels& kernels, ThreadTeam& team,
               const ReplayRecord& record, int total, int chunk)
    : record_((check(record, model, static_cast<std::size_t>(total)), record)),
      total_(static_cast<std::size_t>(total)),
      chunk_(std::max(1, chunk)),
      cache_(model.config(), model.is_float32(),
             nn::KvCache::blocks_for(static_cast<int>(record.prompt.size()) + total)),
      sequence_(cache_),
      forward_(model, kernels, cache_, team, chunk_, chunk_),
      sampler_(kernels, model.config().vocabulary),
      history_(record.prompt) {
  history_.insert(history_.end(), record.tokens.begin(), record.tokens.end());
}

bool Replay::ended() const {
  if (!difference_.empty() || tokens_.size() >= total_) return true;
  return tokens_.size() > record_.tokens.size() &&
         std::ranges::find(record_.stop_tokens, tokens_.back()) != record_.stop_tokens.end();
}

bool Replay::take(std::span<float> logits) {
  static constexpr Digest kZero{};
  Sha256 hash;
  hash.update((chain_.empty() ? kZero : chain_.back()).data(), kZero.size());
  hash.update(logits.data(), logits.size_bytes());
  const std::size_t index = tokens_.size(), position = record_.prompt.size() + index;
  const TokenId token =
      sampler_.sample(logits, record_.sampling, std::span(history_).first(position),
                      record_.prompt.size(), static_cast<int>(position));
  hash.update(&token, sizeof token);
  const std::string where = "token " + std::to_string(index + 1);
  if (index >= record_.tokens.size()) {
    history_.push_back(token);
  } else if (token != record_.tokens[index]) {
    difference_ = where + " is " + std::to_string(record_.tokens[index]) + " in the record and " +
                  std::to_string(token) + " here";
    return false;
  }
  tokens_.push_back(token);
  chain_.push_back(hash.digest());
  if (index < record_.steps.size() && record_.steps[index] != beginning(chain_.back())) {
    difference_ = where + " is the same, the logits it was chosen from are not";
  } else if (tokens_.size() == record_.tokens.size() && !record_.hash.empty() &&
             record_.hash != to_hex(chain_.back())) {
    difference_ = "the final hash is " + record_.hash + " in the record and " +
                  to_hex(chain_.back()) + " here";
  }
  return difference_.empty();
}

bool Replay::step() {
  if (ended()) return false;
  const int prompt = static_cast<int>(record_.prompt.size());
  // The last token sampled has no logits to give; what is known beyond is checked on the way.
  const int known =
      std::min(static_cast<int>(history_.size()), prompt + static_cast<int>(total_) - 1);
  const int count = std::min(chunk_, known - in_cache_);
  std::vector<nn::Row> rows;
  sequence_.reserve(in_cache_ + count);
  for (int i = 0; i < count; ++i) {
    const int position = in_cache_ + i;
    rows.push_back({history_[static_cast<std::size_t>(position)], position, &sequence_,
                    position >= prompt - 1});
  }
  forward_.run(rows);
  in_cache_ += count;
  int output = 0;
  for (const nn::Row& row : rows) {
    if (row.wants_logits && !take(forward_.logits(output++))) return false;
  }
  return !ended();
}

void Replay::fill(ReplayRecord& record, std::size_t count) const {
  record.tokens.assign(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(count));
  record.steps.clear();
  for (std::size_t i = 0; i < count; ++i) record.steps.push_back(beginning(chain_[i]));
  record.hash = count > 0 ? to_hex(chain_[count - 1]) : std::string();
}

}  // namespace parley::engine
