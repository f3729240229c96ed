#include "server/completion_request.hpp"

#include <fmt/format.h>

#include "server/fields.hpp"

namespace parley::server {
namespace {

constexpr std::size_t kMaxMessages = 2048;
constexpr std::size_t kMaxStops = 4;
constexpr std::size_t kMaxStopBytes = 256;

// Accepted and without effect here: they concern OpenAI's accounts and storage.
const std::vector<std::string_view> kKnown = {"model",
                                              "messages",
                                              "stream",
                                              "stream_options",
                                              "temperature",
                                              "top_p",
                                              "top_k",
                                              "min_p",
                                              "repetition_penalty",
                                              "seed",
                                              "stop",
                                              "max_tokens",
                                              "max_completion_tokens",
                                              "n",
                                              "user",
                                              "metadata",
                                              "store",
                                              "service_tier",
                                              "safety_identifier",
                                              "prompt_cache_key",
                                              "presence_penalty",
                                              "frequency_penalty",
                                              "logit_bias",
                                              "logprobs",
                                              "top_logprobs",
                                              "response_format",
                                              "tools",
                                              "tool_choice",
                                              "parallel_tool_calls",
                                              "functions",
                                              "function_call",
                                              "modalities",
                                              "audio",
                                              "prediction",
                                              "reasoning_effort",
                                              "verbosity",
                                              "web_search_options"};

std::optional<std::string> content_text(Fields& fields, const Json& content,
                                        const std::string& where) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) {
    fields.reject(where, where + ": expected a string or an array of text parts", "invalid_type");
    return std::nullopt;
  }
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    const std::string place = fmt::format("{}[{}]", where, i);
    const bool is_text = part.is_object() && part.contains("type") && part["type"] == "text";
    if (!is_text) {
      fields.reject(place, place + ": only parts of type 'text' are supported",
                    "unsupported_content");
      return std::nullopt;
    }
    if (!part.contains("text") || !part["text"].is_string()) {
      fields.reject(place + ".text", place + ".text: expected a string", "invalid_type");
      return std::nullopt;
    }
    if (!text.empty()) text += "\n\n";
    text += part["text"].get<std::string>();
  }
  return text;
}

void read_messages(Fields& fields, CompletionRequest& out) {
  const Json* messages = fields.find("messages");
  if (!messages)
    return fields.reject("messages", "messages: required: the conversation so far",
                         "missing_required_parameter");
  if (!messages->is_array())
    return fields.reject("messages", "messages: expected an array", "invalid_type");
  if (messages->empty())
    return fields.reject("messages", "messages: empty; send at least one message");
  if (messages->size() > kMaxMessages) {
    return fields.reject("messages", fmt::format("messages: {} of them, at most {}",
                                                 messages->size(), kMaxMessages));
  }
  for (std::size_t i = 0; i < messages->size(); ++i) {
    const Json& message = (*messages)[i];
    const std::string where = fmt::format("messages[{}]", i);
    if (!message.is_object())
      return fields.reject(where, where + ": expected an object", "invalid_type");
    const Json role = message.value("role", Json());
    std::string name = role.is_string() ? role.get<std::string>() : "";
    if (name == "developer") name = "system";
    if (name == "tool" || name == "function") {
      return fields.reject(where + ".role", where + ".role: tools are not supported by this server",
                           "unsupported_value");
    }
    if (name != "system" && name != "user" && name != "assistant") {
      return fields.reject(where + ".role",
                           where + ".role: expected 'system', 'user' or 'assistant'");
    }
    if (!message.contains("content") || message["content"].is_null()) {
      return fields.reject(where + ".content", where + ".content: required",
                           "missing_required_parameter");
    }
    auto text = content_text(fields, message["content"], where + ".content");
    if (!text) return;
    if (text->empty() && name == "user") {
      return fields.reject(where + ".content", where + ".content: empty; write something");
    }
    out.messages.push_back({name, std::move(*text)});
  }
}

void read_stops(Fields& fields, chat::ReplySettings& settings) {
  const Json* stop = fields.find("stop");
  if (!stop) return;
  const Json list = stop->is_string() ? Json::array({*stop}) : *stop;
  if (!list.is_array() || list.size() > kMaxStops) {
    return fields.reject(
        "stop", fmt::format("stop: expected a string or an array of at most {} strings", kMaxStops),
        "invalid_type");
  }
  for (const Json& text : list) {
    if (!text.is_string()) return fields.reject("stop", "stop: expected strings", "invalid_type");
    const auto value = text.get<std::string>();
    if (value.empty() || value.size() > kMaxStopBytes) {
      return fields.reject("stop",
                           fmt::format("stop: each must have 1 to {} bytes", kMaxStopBytes));
    }
    settings.stop.push_back(value);
  }
}

// What would change the answer if it were honoured is refused.
void refuse_unsupported(Fields& fields) {
  if (const auto n = fields.integer("n", 1, 128); n && *n != 1) {
    fields.reject("n", "n: only 1 is supported; send the request again for another answer",
                  "unsupported_value");
  }
  for (const char* name : {"presence_penalty", "frequency_penalty"}) {
    if (const auto value = fields.number(name, -2, 2); value && *value != 0) {
      fields.reject(name, fmt::format("{}: only 0 is supported; use repetition_penalty", name),
                    "unsupported_value");
    }
  }
  if (const auto wanted = fields.boolean("logprobs"); wanted.value_or(false)) {
    fields.reject("logprobs", "logprobs: not supported by this server", "unsupported_value");
  }
  for (const char* name : {"tools", "functions", "logit_bias"}) {
    if (const Json* value = fields.find(name); value && !value->empty()) {
      fields.reject(name, fmt::format("{}: not supported by this server", name),
                    "unsupported_parameter");
    }
  }
  for (const char* name : {"audio", "prediction", "web_search_options"}) {
    if (fields.find(name)) {
      fields.reject(name, fmt::format("{}: not supported by this server", name),
                    "unsupported_parameter");
    }
  }
  if (const Json* format = fields.object("response_format");
      format && format->value("type", Json()) != "text") {
    fields.reject("response_format", "response_format: only {\"type\": \"text\"} is supported",
                  "unsupported_value");
  }
}

}  // namespace

std::optional<FieldProblem> parse_completion_request(const Json& body, const std::string& model,
                                                     CompletionRequest& out) {
  Fields fields(body, kKnown);
  if (const auto wanted = fields.string("model"); wanted && *wanted != model) {
    fields.reject(
        "model",
        fmt::format("model: '{}' does not exist here; this server has '{}' (GET /v1/models)",
                    *wanted, model),
        "model_not_found");
  }
  read_messages(fields, out);

  engine::Sampling& sampling = out.settings.sampling;
  const auto set = [](float& target, std::optional<double> value) {
    if (value) target = static_cast<float>(*value);
  };
  set(sampling.temperature, fields.number("temperature", 0, 2));
  set(sampling.top_p, fields.number("top_p", 0, 1));
  set(sampling.min_p, fields.number("min_p", 0, 1));
  set(sampling.repetition_penalty, fields.number("repetition_penalty", 0.01, 10));
  if (const auto top_k = fields.integer("top_k", -1, 1'000'000))
    sampling.top_k = *top_k < 0 ? 0 : static_cast<int>(*top_k);
  if (const Json* seed = fields.find("seed"); seed && seed->is_number_unsigned()) {
    sampling.seed = seed->get<std::uint64_t>();
    out.settings.random_seed = false;
  } else if (const auto value = fields.integer("seed", INT64_MIN, INT64_MAX)) {
    sampling.seed = static_cast<std::uint64_t>(*value);
    out.settings.random_seed = false;
  }
  const auto newer = fields.integer("max_completion_tokens", 1, 1'000'000);
  const auto older = fields.integer("max_tokens", 1, 1'000'000);
  if (newer || older) out.settings.max_tokens = static_cast<int>(newer ? *newer : *older);
  read_stops(fields, out.settings);

  out.stream = fields.boolean("stream").value_or(false);
  if (const Json* options = fields.object("stream_options")) {
    Fields inner(*options, {"include_usage", "include_obfuscation"}, "stream_options.");
    out.include_usage = inner.boolean("include_usage").value_or(false);
    inner.boolean("include_obfuscation");
    if (inner.problem() && !fields.problem()) return inner.problem();
    if (!out.stream)
      fields.reject("stream_options", "stream_options: only allowed with \"stream\": true");
  }
  refuse_unsupported(fields);
  return fields.problem();
}

}  // namespace parley::server
