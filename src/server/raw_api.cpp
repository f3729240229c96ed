#include "server/raw_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "base/json.hpp"
#include "server/completion_request.hpp"
#include "server/fields.hpp"
#include "server/turn_watch.hpp"
#include "text/utf8.hpp"

namespace parley::server {
namespace {

using text::TokenId;

constexpr std::size_t kMaxPrompts = 64;
constexpr int kMaxLogprobs = 20;

// A prompt as text, as token ids, or a list of either.
std::vector<std::vector<TokenId>> read_prompts(Fields& fields, const char* name,
                                               const text::Tokenizer& tokenizer) {
  std::vector<std::vector<TokenId>> out;
  const Json* value = fields.find(name);
  const auto wrong = [&] {
    fields.reject(name, fmt::format("{}: expected text, token ids, or a list of them", name),
                  "invalid_type");
  };
  const auto ids_of = [&](const Json& list) {
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
  };
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

std::string token_text(const text::Tokenizer& tokenizer, TokenId id) {
  return text::repair_utf8(tokenizer.is_special(id) ? tokenizer.piece(id)
                                                    : tokenizer.token_bytes(id));
}

// The log-probabilities of the legacy protocol: parallel lists over the tokens.
struct TokenLists {
  OrderedJson tokens = OrderedJson::array(), logprobs = OrderedJson::array(),
              top = OrderedJson::array(), offsets = OrderedJson::array();
  std::size_t offset = 0;

  void add(const text::Tokenizer& tokenizer, TokenId id, const engine::TokenLogprobs* known) {
    const std::string text = token_text(tokenizer, id);
    tokens.push_back(text);
    offsets.push_back(offset);
    offset += text.size();
    logprobs.push_back(known ? OrderedJson(known->logprob) : OrderedJson());
    if (!known) {
      top.push_back(nullptr);
      return;
    }
    OrderedJson best = OrderedJson::object();
    for (const auto& [other, logprob] : known->top) {
      const std::string name = token_text(tokenizer, other);
      if (!best.contains(name)) best[name] = logprob;
    }
    top.push_back(std::move(best));
  }
  OrderedJson json() {
    return {{"tokens", std::move(tokens)},
            {"token_logprobs", std::move(logprobs)},
            {"top_logprobs", std::move(top)},
            {"text_offset", std::move(offsets)}};
  }
};

struct Job {
  std::vector<TokenId> prompt;
  std::string text;
  std::vector<TokenId> tokens;
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

  Batch(engine::Engine& engine, std::shared_ptr<Exchange> exchange, Done done, Piece piece = {})
      : engine_(engine),
        exchange_(std::move(exchange)),
        done_(std::move(done)),
        piece_(std::move(piece)) {}

  std::vector<Job> jobs;

  // On the caller's thread. Errors: as of Engine::submit; what was submitted already is cancelled.
  void start(const std::vector<engine::Request>& requests) {
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
    exchange_->on_gone([&engine = engine_, ids] {
      for (const auto id : ids) engine.cancel(id);
    });
  }
  const std::shared_ptr<Exchange>& exchange() const { return exchange_; }

 private:
  void update(std::size_t i, const engine::Update& update) {
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

  engine::Engine& engine_;
  const std::shared_ptr<Exchange> exchange_;
  const Done done_;
  const Piece piece_;
  std::mutex mutex_;
  std::size_t left_ = 0;
  bool abandoned_ = false;
};

// The answer to a request that failed, if one of the batch did.
std::optional<Response> failure(const Batch& batch) {
  for (const Job& job : batch.jobs) {
    const auto reason = job.last.reason;
    if (reason == engine::FinishReason::kError) {
      return openai_error_response({ErrorKind::kInternal, "the model failed", "try again"},
                                   batch.exchange()->request.id);
    }
    if (reason == engine::FinishReason::kCancelled) {
      return openai_error_response(
          {ErrorKind::kUnavailable, "the request was stopped", "try again in a moment"},
          batch.exchange()->request.id);
    }
  }
  return std::nullopt;
}

const char* finish_name(const Job& job) {
  return job.last.reason == engine::FinishReason::kLength ? "length" : "stop";
}

OrderedJson usage(const Batch& batch) {
  int prompt = 0, reply = 0;
  for (const Job& job : batch.jobs) {
    prompt += job.last.prompt_tokens;
    reply += job.last.reply_tokens;
  }
  return {
      {"prompt_tokens", prompt}, {"completion_tokens", reply}, {"total_tokens", prompt + reply}};
}

void submit(const std::shared_ptr<Batch>& batch, const std::vector<engine::Request>& requests) {
  try {
    batch->start(requests);
  } catch (const Error& e) {
    const bool busy = e.kind() == ErrorKind::kUnavailable;
    Response response = openai_error_response(e, batch->exchange()->request.id, busy ? 429 : 0);
    if (busy) add_retry_after(response, kRetryAfterSeconds);
    batch->exchange()->respond(std::move(response));
  }
}

std::string base64(const std::vector<float>& values) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t three = 0;
    for (std::size_t j = 0; j < 3; ++j)
      three = three << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out += j <= bytes.size() - i ? kDigits[three >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

}  // namespace

engine::Engine& RawApi::engine() {
  engine::Engine* local = assistant_.model().engine();
  if (!local) {
    fail(ErrorKind::kNotFound, "this model does not run in this process",
         "ask the server that runs it");
  }
  return *local;
}

bool RawApi::refuse_model(const std::shared_ptr<Exchange>& exchange, Fields& fields) {
  const std::string name = assistant_.model().name();
  if (const auto wanted = fields.string("model"); wanted && *wanted != name) {
    fields.reject(
        "model",
        fmt::format("model: '{}' does not exist here; this server has '{}'", *wanted, name),
        "model_not_found");
  }
  if (!fields.problem()) return false;
  exchange->respond(openai_field_response(*fields.problem()));
  return true;
}

void RawApi::complete(const std::shared_ptr<Exchange>& exchange) {
  const Json body = parse_json(exchange->request.body, "request body");
  Fields fields(body, {"model",
                       "prompt",
                       "max_tokens",
                       "temperature",
                       "top_p",
                       "top_k",
                       "min_p",
                       "seed",
                       "stop",
                       "echo",
                       "logprobs",
                       "stream",
                       "n",
                       "best_of",
                       "suffix",
                       "user",
                       "logit_bias",
                       "presence_penalty",
                       "frequency_penalty",
                       "repetition_penalty"});
  const text::Tokenizer& tokenizer = engine().tokenizer();
  const auto prompts = read_prompts(fields, "prompt", tokenizer);
  chat::ReplySettings settings;
  settings.sampling.temperature = 1.0f;
  read_sampling(fields, settings);
  if (settings.random_seed) settings.sampling.seed = std::stoull(random_hex(8), nullptr, 16);
  const bool echo = fields.boolean("echo").value_or(false);
  const auto logprobs = fields.integer("logprobs", 0, kMaxLogprobs);
  const bool stream = fields.boolean("stream").value_or(false);
  const auto most = fields.integer("max_tokens", 0, 1'000'000);
  const auto copies = fields.integer("n", 1, 16).value_or(1);
  if (const auto best = fields.integer("best_of", 1, 16); best && *best != copies)
    fields.reject("best_of", "best_of: only as many as n are supported", "unsupported_value");
  if (const Json* suffix = fields.find("suffix"); suffix && *suffix != "")
    fields.reject("suffix", "suffix: not supported by this server", "unsupported_parameter");
  if (stream && (prompts.size() * static_cast<std::size_t>(copies) != 1 || logprobs || echo)) {
    fields.reject("stream", "stream: only for one prompt, without n, echo or logprobs",
                  "unsupported_value");
  }
  if (most && *most == 0 && !echo)
    fields.reject("max_tokens", "max_tokens: 0 is only possible with \"echo\": true");
  if (refuse_model(exchange, fields)) return;

  std::vector<engine::Request> requests;
  for (const auto& prompt : prompts) {
    for (std::int64_t copy = 0; copy < copies; ++copy) {
      engine::Request request;
      request.prompt = prompt;
      request.sampling = settings.sampling;
      request.sampling.seed += static_cast<std::uint64_t>(copy);
      request.max_tokens = static_cast<int>(most.value_or(16));
      request.stop = settings.stop;
      request.stop_tokens = engine().model().end_tokens;
      request.logprobs = logprobs ? static_cast<int>(*logprobs) : -1;
      request.prompt_logprobs = echo && logprobs;
      requests.push_back(std::move(request));
    }
  }
  const std::string id = "cmpl-" + new_id("c").substr(2), name = assistant_.model().name();
  const std::int64_t created = Clock::system().now_ms() / 1000;
  const auto envelope = [id, name, created] {
    return OrderedJson{
        {"id", id}, {"object", "text_completion"}, {"created", created}, {"model", name}};
  };
  if (stream) {
    exchange->begin_stream(event_stream_head());
    const auto send = [exchange, envelope](const std::string& text, OrderedJson reason) {
      OrderedJson chunk = envelope();
      chunk["choices"] = OrderedJson::array({{{"index", 0},
                                              {"text", text},
                                              {"logprobs", nullptr},
                                              {"finish_reason", std::move(reason)}}});
      exchange->write("data: " + to_text(chunk) + "\n\n");
    };
    try {
      std::make_shared<Batch>(
          engine(), exchange,
          [send](Batch& batch) {
            if (failure(batch)) return batch.exchange()->abort();
            send("", finish_name(batch.jobs[0]));
            batch.exchange()->write("data: [DONE]\n\n");
            batch.exchange()->end_stream();
          },
          [send](const engine::Update& update) {
            if (!update.text.empty()) send(update.text, nullptr);
          })
          ->start(requests);
    } catch (const Error& e) {
      exchange->write("data: " + to_text(openai_error_json(e, exchange->request.id)) + "\n\n");
      exchange->end_stream();
    }
    return;
  }
  const auto done = [envelope, echo, logprobs, &tokenizer](Batch& batch) {
    if (auto response = failure(batch)) return batch.exchange()->respond(std::move(*response));
    OrderedJson choices = OrderedJson::array();
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      Job& job = batch.jobs[i];
      OrderedJson choice = {{"index", i}, {"text", job.text}, {"logprobs", nullptr}};
      if (echo) choice["text"] = tokenizer.decode(job.prompt) + job.text;
      if (logprobs) {
        TokenLists lists;
        for (std::size_t t = 0; echo && t < job.prompt.size(); ++t) {
          lists.add(
              tokenizer, job.prompt[t],
              t > 0 && t <= job.prompt_logprobs.size() ? &job.prompt_logprobs[t - 1] : nullptr);
        }
        for (const engine::TokenLogprobs& token : job.logprobs)
          lists.add(tokenizer, token.token, &token);
        choice["logprobs"] = lists.json();
      }
      choice["finish_reason"] = finish_name(job);
      choices.push_back(std::move(choice));
    }
    OrderedJson body_out = envelope();
    body_out["choices"] = std::move(choices);
    body_out["usage"] = usage(batch);
    batch.exchange()->respond(
        {200, "application/json", {{"Cache-Control", "no-store"}}, to_text(body_out), {}});
  };
  submit(std::make_shared<Batch>(engine(), exchange, done), requests);
}

void RawApi::embed(const std::shared_ptr<Exchange>& exchange) {
  const Json body = parse_json(exchange->request.body, "request body");
  Fields fields(
      body, {"model", "input", "encoding_format", "dimensions", "user", "pooling", "normalize"});
  const auto inputs = read_prompts(fields, "input", engine().tokenizer());
  const std::string format = fields.string("encoding_format").value_or("float");
  if (format != "float" && format != "base64")
    fields.reject("encoding_format", "encoding_format: expected 'float' or 'base64'");
  const std::string pooling = fields.string("pooling").value_or("mean");
  if (pooling != "mean" && pooling != "last" && pooling != "first")
    fields.reject("pooling", "pooling: expected 'mean', 'last' or 'first'");
  const bool normalise = fields.boolean("normalize").value_or(true);
  const auto dimensions = fields.integer("dimensions", 1, 1 << 20);
  if (refuse_model(exchange, fields)) return;
  std::vector<engine::Request> requests;
  for (const auto& input : inputs) {
    engine::Request request;
    request.prompt = input;
    request.embed = true;
    request.pooling = pooling == "mean"   ? engine::Pooling::kMean
                      : pooling == "last" ? engine::Pooling::kLast
                                          : engine::Pooling::kFirst;
    requests.push_back(std::move(request));
  }
  const std::string name = assistant_.model().name();
  const auto done = [name, format, normalise, dimensions](Batch& batch) {
    if (auto response = failure(batch)) return batch.exchange()->respond(std::move(*response));
    OrderedJson data = OrderedJson::array();
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      std::vector<float>& vector = batch.jobs[i].embedding;
      if (dimensions && static_cast<std::size_t>(*dimensions) < vector.size())
        vector.resize(static_cast<std::size_t>(*dimensions));
      if (normalise) {
        double square = 0;
        for (const float x : vector) square += static_cast<double>(x) * x;
        const double length = std::sqrt(square);
        if (length > 0) {
          for (float& x : vector) x = static_cast<float>(x / length);
        }
      }
      data.push_back(
          {{"object", "embedding"},
           {"index", i},
           {"embedding", format == "float" ? OrderedJson(vector) : OrderedJson(base64(vector))}});
    }
    const OrderedJson used = usage(batch);
    const OrderedJson out = {
        {"object", "list"},
        {"data", std::move(data)},
        {"model", name},
        {"usage",
         {{"prompt_tokens", used["prompt_tokens"]}, {"total_tokens", used["prompt_tokens"]}}}};
    batch.exchange()->respond(
        {200, "application/json", {{"Cache-Control", "no-store"}}, to_text(out), {}});
  };
  submit(std::make_shared<Batch>(engine(), exchange, done), requests);
}

void RawApi::tokenize(const std::shared_ptr<Exchange>& exchange) {
  const Json body = parse_json(exchange->request.body, "request body");
  Fields fields(body, {"model", "prompt", "content", "add_special_tokens", "parse_special"});
  const auto prompt = fields.string(fields.has("content") ? "content" : "prompt");
  if (!prompt && !fields.problem())
    fields.reject("prompt", "prompt: required: the text", "missing_required_parameter");
  const bool add = fields.boolean("add_special_tokens").value_or(true);
  const bool parse = fields.boolean("parse_special").value_or(false);
  if (refuse_model(exchange, fields)) return;
  const text::Tokenizer& tokenizer = engine().tokenizer();
  std::vector<TokenId> ids;
  if (add && tokenizer.add_bos() && tokenizer.bos() >= 0) ids.push_back(tokenizer.bos());
  if (parse) {
    tokenizer.encode_with_special(*prompt, ids);
  } else {
    tokenizer.encode(*prompt, ids);
  }
  if (add && tokenizer.add_eos() && tokenizer.eos() >= 0) ids.push_back(tokenizer.eos());
  const OrderedJson out = {
      {"count", ids.size()}, {"max_model_len", engine().model().context}, {"tokens", ids}};
  exchange->respond({200, "application/json", {}, to_text(out), {}});
}

void RawApi::detokenize(const std::shared_ptr<Exchange>& exchange) {
  const Json body = parse_json(exchange->request.body, "request body");
  Fields fields(body, {"model", "tokens"});
  const text::Tokenizer& tokenizer = engine().tokenizer();
  std::vector<TokenId> ids;
  const Json* tokens = fields.find("tokens");
  if (!tokens || !tokens->is_array()) {
    fields.reject("tokens", "tokens: required: an array of token ids",
                  "missing_required_parameter");
  } else {
    for (const Json& id : *tokens) {
      if (!id.is_number_integer() || id < 0 || id >= tokenizer.vocabulary_size()) {
        fields.reject("tokens",
                      fmt::format("tokens: ids must be 0 to {}", tokenizer.vocabulary_size() - 1));
        break;
      }
      ids.push_back(id.get<TokenId>());
    }
  }
  if (refuse_model(exchange, fields)) return;
  const OrderedJson out = {{"prompt", text::repair_utf8(tokenizer.decode(ids))}};
  exchange->respond({200, "application/json", {}, to_text(out), {}});
}

}  // namespace parley::server
