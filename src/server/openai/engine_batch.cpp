#include "server/openai/engine_batch.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "server/http/problem.hpp"

namespace parley::server {

using text::TokenId;

namespace {
constexpr std::size_t kMaxPrompts = 64;
}

engine::Engine& engine_of(chat::ChatModel& model) {
  engine::Engine* local = model.engine();
  if (!local) {
    fail(ErrorKind::kNotFound, "this model does not run in this process",
         "ask the server that runs it");
  }
  return *local;
}

bool refuse_fields(const std::shared_ptr<Exchange>& exchange, BodyFields& fields,
                   const chat::ChatModel& model) {
  const std::string name = model.name();
  if (const auto wanted = fields.string("model"); wanted && *wanted != name) {
    fields.reject("model",
                  fmt::format("model: '{}' does not exist here; this server has '{}' "
                              "(GET /v1/models)",
                              *wanted, name),
                  "model_not_found");
  }
  if (!fields.problem()) return false;
  exchange->respond(openai_field_response(*fields.problem()));
  return true;
}

std::vector<TokenId> read_ids(BodyFields& fields, const char* name, const Json& list,
                              const text::Tokenizer& tokenizer) {
  std::vector<TokenId> ids;
  for (const Json& id : list) {
    if (!id.is_number_integer() || id < 0 || id >= tokenizer.vocabulary_size()) {
      fields.reject(name, fmt::format("{}: token ids must be 0 to {}", name,
                                      tokenizer.vocabulary_size() - 1));
      break;
    }
    ids.push_back(id.get<TokenId>());
  }
  return ids;
}

std::vector<std::vector<TokenId>> read_prompts(BodyFields& fields, const char* name,
                                               const text::Tokenizer& tokenizer) {
  std::vector<std::vector<TokenId>> out;
  const Json* value = fields.find(name);
  const auto wrong = [&] {
    fields.reject(name, fmt::format("{}: expected text, token ids, or a list of them", name),
                  "invalid_type");
  };
  const auto ids_of = [&](const Json& list) { return read_ids(fields, name, list, tokenizer); };
  const auto text_of = [&](const Json& text) {
    std::vector<TokenId> ids;
    if (tokenizer.add_bos() && tokenizer.bos() >= 0) ids.push_back(tokenizer.bos());
    tokenizer.encode(text.get<std::string>(), ids);
    return ids;
  };
  if (!value) {
    fields.reject(name, fmt::format("{}: required", name), "missing_required_parameter");
  } else if (value->is_string()) {
    out.push_back(text_of(*value));
  } else if (value->is_array() && !value->empty() && (*value)[0].is_number()) {
    out.push_back(ids_of(*value));
  } else if (value->is_array() && !value->empty() && value->size() <= kMaxPrompts) {
    for (const Json& each : *value) {
      if (each.is_string()) {
        out.push_back(text_of(each));
      } else if (each.is_array()) {
        out.push_back(ids_of(each));
      } else {
        wrong();
      }
    }
  } else {
    wrong();
  }
  for (const auto& ids : out) {
    if (ids.empty()) fields.reject(name, fmt::format("{}: empty", name));
  }
  return out;
}

Batch::Batch(chat::ModelLease model, std::shared_ptr<Exchange> exchange, Done done, Piece piece)
    : model_(std::move(model)),
      engine_(engine_of(*model_)),
      exchange_(std::move(exchange)),
      done_(std::move(done)),
      piece_(std::move(piece)) {}

void Batch::start(const std::vector<engine::Request>& requests) {
  jobs.resize(requests.size());
  left_ = requests.size();
  std::vector<engine::RequestId> ids;
  const auto self = shared_from_this();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    jobs[i].prompt = requests[i].prompt;
    try {
      ids.push_back(engine_.submit(
          requests[i], [self, i](const engine::Update& update) { self->update(i, update); }));
    } catch (...) {
      {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
      }
      for (const auto id : ids) engine_.cancel(id);
      throw;
    }
  }
  exchange_->on_gone([model = model_, &engine = engine_, ids] {
    for (const auto id : ids) engine.cancel(id);
  });
}

void Batch::start_or_refuse(const std::vector<engine::Request>& requests) {
  try {
    start(requests);
  } catch (const Error& e) {
    const bool full = e.kind() == ErrorKind::kUnavailable;
    exchange_->respond(openai_refusal(e, exchange_->request.id, full));
  }
}

void Batch::update(std::size_t i, const engine::Update& update) {
  const std::lock_guard lock(mutex_);
  Job& job = jobs[i];
  job.text += update.text;
  job.tokens.insert(job.tokens.end(), update.tokens.begin(), update.tokens.end());
  job.logprobs.insert(job.logprobs.end(), update.logprobs.begin(), update.logprobs.end());
  if (!update.prompt_logprobs.empty()) job.prompt_logprobs = update.prompt_logprobs;
  if (piece_ && !abandoned_) piece_(update);
  if (!update.finished) return;
  job.last = update;
  job.embedding = update.embedding;
  if (--left_ == 0 && !abandoned_) done_(*this);
}

std::optional<Response> Batch::failure() const {
  for (const Job& job : jobs) {
    const auto reason = job.last.reason;
    if (reason == engine::FinishReason::kError) {
      return openai_error_response({ErrorKind::kInternal, "the model failed", "try again"},
                                   exchange_->request.id);
    }
    if (reason == engine::FinishReason::kCancelled) {
      return openai_error_response(
          {ErrorKind::kUnavailable, "the request was stopped", "try again in a moment"},
          exchange_->request.id);
    }
  }
  return std::nullopt;
}

Json Batch::usage() const {
  int prompt = 0, reply = 0;
  for (const Job& job : jobs) {
    prompt += job.last.prompt_tokens;
    reply += job.last.reply_tokens;
  }
  return {
      {"prompt_tokens", prompt}, {"completion_tokens", reply}, {"total_tokens", prompt + reply}};
}

}  // namespace parley::server
