// The answer to one POST /v1/chat/completions: `n` turns of the assistant, each a choice, sent
// whole or as a stream of chunks.
#pragma once

#include <memory>
#include <string>

#include "chat/assistant.hpp"
#include "server/http/http.hpp"
#include "server/http/metrics.hpp"

namespace parley::server {

struct AnswerOptions {
  std::string model, fingerprint;  // fingerprint may be empty
  bool stream = false, include_usage = false;
  int choices = 1;
  const text::Tokenizer* tokenizer = nullptr;  // null: no log-probabilities
};

// Starts the turns: the first at once, the others when its prompt has been read, so that they find
// it in the prefix cache. With a given seed, choice i has seed + i. The model of `input` is kept
// until the answer is complete.
void start_answer(chat::Assistant& assistant, Metrics& metrics,
                  const std::shared_ptr<Exchange>& exchange, chat::TurnInput input,
                  AnswerOptions options);

}  // namespace parley::server
