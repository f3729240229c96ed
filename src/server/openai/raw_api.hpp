// What OpenAI's protocol has beside conversations: POST /v1/completions (with echo and logprobs, as
// evaluation harnesses use it), POST /v1/embeddings; and /tokenize and /detokenize. These speak to
// the engine: nothing is stored, and no persona is added. All are called on a work thread, with the
// request's body and the model it names.
// Errors: kNotFound where the model runs elsewhere.
#pragma once

#include <memory>

#include "base/json.hpp"
#include "chat/model/model_pool.hpp"
#include "server/http/http.hpp"

namespace parley::server {

void complete_text(const std::shared_ptr<Exchange>& exchange, const Json& body,
                   chat::ModelLease model);
void embed_texts(const std::shared_ptr<Exchange>& exchange, const Json& body,
                 chat::ModelLease model);
void tokenize_text(const std::shared_ptr<Exchange>& exchange, const Json& body,
                   chat::ModelLease model);
void detokenize_ids(const std::shared_ptr<Exchange>& exchange, const Json& body,
                    chat::ModelLease model);

}  // namespace parley::server
