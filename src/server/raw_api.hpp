// What OpenAI's protocol has beside conversations: POST /v1/completions (with echo and logprobs, as
// evaluation harnesses use it), POST /v1/embeddings; and /tokenize and /detokenize. These speak to
// the engine: nothing is stored, and no persona is added.
#pragma once

#include <cstdint>
#include <memory>

#include "chat/assistant.hpp"
#include "server/http.hpp"

namespace parley::server {

class RawApi {
 public:
  explicit RawApi(chat::Assistant& assistant) : assistant_(assistant) {}

  // On a work thread.
  void complete(const std::shared_ptr<Exchange>& exchange);
  void embed(const std::shared_ptr<Exchange>& exchange);
  void tokenize(const std::shared_ptr<Exchange>& exchange);
  void detokenize(const std::shared_ptr<Exchange>& exchange);

 private:
  engine::Engine& engine();  // Errors: kNotFound where the model runs elsewhere
  bool refuse_model(const std::shared_ptr<Exchange>& exchange, class Fields& fields);

  chat::Assistant& assistant_;
};

}  // namespace parley::server
