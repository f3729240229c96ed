// POST /v1/chat/completions and GET /v1/models: OpenAI's protocol.
#pragma once

#include <cstdint>
#include <memory>

#include "chat/assistant.hpp"
#include "chat/model/model_pool.hpp"
#include "server/http/exchange_work.hpp"
#include "server/http/http.hpp"
#include "server/http/metrics.hpp"
#include "server/openai/completion_request.hpp"

namespace parley::server {

class Completions {
 public:
  // `pool`, models beside the assistant's own, may be null.
  Completions(chat::Assistant& assistant, Metrics& metrics, ExchangeWork& work,
              chat::ModelPool* pool);

  void models(const std::shared_ptr<Exchange>& exchange) const;
  void one_model(const std::shared_ptr<Exchange>& exchange, const std::string& id) const;
  // On a work thread, with the model that the body names. A form that the reply must have is
  // compiled elsewhere meanwhile.
  void create(const std::shared_ptr<Exchange>& exchange, const Json& body, chat::ModelLease model);

 private:
  void start(const std::shared_ptr<Exchange>& exchange, CompletionRequest& request,
             chat::ModelLease model);

  chat::Assistant& assistant_;
  Metrics& metrics_;
  ExchangeWork& work_;
  chat::ModelPool* const pool_;
  std::int64_t started_s_;  // stands for the model's creation time
};

}  // namespace parley::server
