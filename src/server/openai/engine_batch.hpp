// Requests to the engine without a conversation: reading prompts, running several of them as one,
// and what all answers to them have in common.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "chat/model/model_pool.hpp"
#include "server/http/body_fields.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// Errors: kNotFound where the model runs elsewhere.
engine::Engine& engine_of(chat::ChatModel& model);

// Refuses a body that names another model, or that `fields` found a problem in. True when it did.
bool refuse_fields(const std::shared_ptr<Exchange>& exchange, BodyFields& fields,
                   const chat::ChatModel& model);

// A field that holds a prompt as text, as token ids, or a list of either.
std::vector<std::vector<text::TokenId>> read_prompts(BodyFields& fields, const char* name,
                                                     const text::Tokenizer& tokenizer);
// Token ids in a list; rejects the field when one is none.
std::vector<text::TokenId> read_ids(BodyFields& fields, const char* name, const Json& list,
                                    const text::Tokenizer& tokenizer);

struct Job {
  std::vector<text::TokenId> prompt;
  std::string text;
  std::vector<text::TokenId> tokens;
  std::vector<engine::TokenLogprobs> logprobs, prompt_logprobs;
  std::vector<float> embedding;
  engine::Update last;
};

// Several requests to the engine that are answered together. The engine's thread calls update();
// the last one calls `done`.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  using Piece = std::function<void(const engine::Update&)>;
  using Done = std::function<void(Batch&)>;

  Batch(chat::ModelLease model, std::shared_ptr<Exchange> exchange, Done done, Piece piece = {});

  std::vector<Job> jobs;

  // On the caller's thread. Errors: as of Engine::submit; what was submitted already is cancelled.
  void start(const std::vector<engine::Request>& requests);
  // The same; an error is answered.
  void start_or_refuse(const std::vector<engine::Request>& requests);
  const std::shared_ptr<Exchange>& exchange() const { return exchange_; }
  // The answer, if one of the requests failed.
  std::optional<Response> failure() const;
  Json usage() const;

 private:
  void update(std::size_t i, const engine::Update& update);

  const chat::ModelLease model_;
  engine::Engine& engine_;
  const std::shared_ptr<Exchange> exchange_;
  const Done done_;
  const Piece piece_;
  std::mutex mutex_;
  std::size_t left_ = 0;
  bool abandoned_ = false;
};

}  // namespace parley::server
