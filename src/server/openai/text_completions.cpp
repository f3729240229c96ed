// POST /v1/completions.
#include <fmt/format.h>

#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/id.hpp"
#include "server/http/event_stream.hpp"
#include "server/http/json_response.hpp"
#include "server/http/problem.hpp"
#include "server/openai/completion_request.hpp"
#include "server/openai/engine_batch.hpp"
#include "server/openai/raw_api.hpp"
#include "server/page/turn_watch.hpp"
#include "text/utf8.hpp"

namespace parley::server {
namespace {

using text::TokenId;

constexpr int kMaxLogprobs = 20;

std::string token_text(const text::Tokenizer& tokenizer, TokenId id) {
  return text::repair_utf8(tokenizer.is_special(id) ? tokenizer.piece(id)
                                                    : tokenizer.token_bytes(id));
}

// The log-probabilities of the legacy protocol: parallel lists over the tokens.
struct TokenLists {
  Json tokens = Json::array(), logprobs = Json::array(), top = Json::array(),
       offsets = Json::array();
  std::size_t offset = 0;

  void add(const text::Tokenizer& tokenizer, TokenId id, const engine::TokenLogprobs* known) {
    const std::string text = token_text(tokenizer, id);
    tokens.push_back(text);
    offsets.push_back(offset);
    offset += text.size();
    logprobs.push_back(known ? Json(known->logprob) : Json());
    if (!known) {
      top.push_back(nullptr);
      return;
    }
    Json best = Json::object();
    for (const auto& [other, logprob] : known->top) {
      const std::string name = token_text(tokenizer, other);
      if (!best.contains(name)) best[name] = logprob;
    }
    top.push_back(std::move(best));
  }
  Json json() {
    return {{"tokens", std::move(tokens)},
            {"token_logprobs", std::move(logprobs)},
            {"top_logprobs", std::move(top)},
            {"text_offset", std::move(offsets)}};
  }
};

const char* finish_name(const Job& job) {
  return job.last.reason == engine::FinishReason::kLength ? "length" : "stop";
}

}  // namespace

void complete_text(const std::shared_ptr<Exchange>& exchange, const Json& body,
                   chat::ModelLease model) {
  BodyFields fields(body, {"model",
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
  const text::Tokenizer& tokenizer = engine_of(*model).tokenizer();
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
  if (refuse_fields(exchange, fields, *model)) return;

  std::vector<engine::Request> requests;
  for (const auto& prompt : prompts) {
    for (std::int64_t copy = 0; copy < copies; ++copy) {
      engine::Request request;
      request.prompt = prompt;
      request.sampling = settings.sampling;
      request.sampling.seed += static_cast<std::uint64_t>(copy);
      request.max_tokens = static_cast<int>(most.value_or(16));
      request.stop = settings.stop;
      request.stop_tokens = engine_of(*model).model().end_tokens;
      request.logprobs = logprobs ? static_cast<int>(*logprobs) : -1;
      request.prompt_logprobs = echo && logprobs;
      requests.push_back(std::move(request));
    }
  }
  const std::string id = "cmpl-" + new_id("c").substr(2), name = model->name();
  const std::int64_t created = Clock::system().now_ms() / 1000;
  const auto envelope = [id, name, created] {
    return Json{{"id", id}, {"object", "text_completion"}, {"created", created}, {"model", name}};
  };
  if (stream) {
    begin_events(*exchange);
    const auto send = [exchange, envelope](const std::string& text, Json reason) {
      Json chunk = envelope();
      chunk["choices"] = Json::array({{{"index", 0},
                                       {"text", text},
                                       {"logprobs", nullptr},
                                       {"finish_reason", std::move(reason)}}});
      send_event(*exchange, {}, chunk);
    };
    try {
      std::make_shared<Batch>(
          model, exchange,
          [send](Batch& batch) {
            if (batch.failure()) return batch.exchange()->abort();
            send("", finish_name(batch.jobs[0]));
            end_events_done(*batch.exchange());
          },
          [send](const engine::Update& update) {
            if (!update.text.empty()) send(update.text, nullptr);
          })
          ->start(requests);
    } catch (const Error& e) {
      send_event(*exchange, {}, openai_error_json(e, exchange->request.id));
      exchange->end_stream();
    }
    return;
  }
  const auto done = [envelope, echo, logprobs, &tokenizer](Batch& batch) {
    if (auto response = batch.failure()) return batch.exchange()->respond(std::move(*response));
    Json choices = Json::array();
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      Job& job = batch.jobs[i];
      Json choice = {{"index", i}, {"text", job.text}, {"logprobs", nullptr}};
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
    Json body_out = envelope();
    body_out["choices"] = std::move(choices);
    body_out["usage"] = batch.usage();
    batch.exchange()->respond(json_response(200, body_out));
  };
  std::make_shared<Batch>(model, exchange, done)->start_or_refuse(requests);
}

}  // namespace parley::server
