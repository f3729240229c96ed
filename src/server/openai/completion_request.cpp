#include "server/openai/completion_request.hpp"

#include <fmt/format.h>

#include <cmath>

#include "server/http/body_fields.hpp"

namespace parley::server {
namespace {

constexpr std::size_t kMaxMessages = 2048;
constexpr std::size_t kMaxStops = 4;
constexpr std::size_t kMaxStopBytes = 256;
constexpr std::size_t kMaxTools = 128;
constexpr std::size_t kMaxBiases = 1024;
constexpr int kMaxTopLogprobs = 20;
constexpr int kMaxChoices = 16;

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
                                              "guided_regex",
                                              "guided_grammar",
                                              "guided_choice",
                                              "guided_json",
                                              "web_search_options"};

std::optional<std::string> content_text(BodyFields& fields, const Json& content,
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

// Templates expect the arguments of a call as an object; OpenAI's protocol has them as JSON text,
// which many clients leave empty where there are none.
void parse_arguments(Json& message) {
  if (!message.contains("tool_calls") || !message["tool_calls"].is_array()) return;
  for (auto& call : message["tool_calls"]) {
    if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) continue;
    Json& arguments = call["function"]["arguments"];
    const std::string* text = arguments.get_ptr<const std::string*>();
    if (arguments.is_null() || (text && text->find_first_not_of(" \t\r\n") == std::string::npos)) {
      arguments = Json::object();
    } else if (text) {
      if (auto parsed = try_parse_json(*text)) arguments = std::move(*parsed);
    }
  }
}

// What one message has beside its role and content; null or empty is the same as not there.
struct Extras {
  bool calls = false, reasoning = false;
};

Extras extras_of(const Json& message) {
  const auto said = [&](const char* name) {
    const auto found = message.find(name);
    return found != message.end() && !found->is_null() && *found != Json::array() && *found != "";
  };
  return {said("tool_calls"),
          message.value("role", Json()) == "assistant" && said("reasoning_content")};
}

// "required", or one tool by name.
void force_call(BodyFields& fields, const ModelAbilities& model, const Json& choice,
                CompletionRequest& out) {
  std::string name;
  if (choice.is_object() && choice.value("type", Json()) == "function" &&
      choice.contains("function") && choice["function"].is_object()) {
    const Json wanted = choice["function"].value("name", Json());
    if (wanted.is_string()) name = wanted.get<std::string>();
  }
  if (choice != "required" && name.empty()) {
    return fields.reject("tool_choice",
                         "tool_choice: expected 'auto', 'none', 'required' or {\"type\": "
                         "\"function\", \"function\": {\"name\": …}}");
  }
  if (!model.local) {
    return fields.reject("tool_choice",
                         "tool_choice: only models that run in this process can be made to call",
                         "unsupported_value");
  }
  try {
    out.forced = chat::force_tool_call(model.style.calls, out.tools, name);
  } catch (const Error& e) {
    fields.reject("tool_choice", "tool_choice: " + e.message());
  }
}

void read_tools(BodyFields& fields, const ModelAbilities& model, const Json& tools,
                CompletionRequest& out) {
  if (model.style.calls == text::ToolCallStyle::kNone) {
    return fields.reject("tools", "tools: this model's chat template knows no tools",
                         "unsupported_parameter");
  }
  if (!tools.is_array() || tools.size() > kMaxTools) {
    return fields.reject("tools", fmt::format("tools: expected an array of at most {}", kMaxTools),
                         "invalid_type");
  }
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const Json& tool = tools[i];
    const bool function = tool.is_object() && tool.value("type", Json()) == "function" &&
                          tool.contains("function") && tool["function"].is_object() &&
                          tool["function"].contains("name") && tool["function"]["name"].is_string();
    if (!function) {
      const std::string where = fmt::format("tools[{}]", i);
      return fields.reject(where, where +
                                      ": expected {\"type\": \"function\", \"function\": "
                                      "{\"name\": …}}");
    }
  }
  const Json* choice = fields.find("tool_choice");
  if (choice && *choice == "none") return;
  out.tools = tools;
  if (choice && *choice != "auto") force_call(fields, model, *choice, out);
}

void read_messages(BodyFields& fields, const ModelAbilities& model, CompletionRequest& out) {
  bool rich = false;
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
    if (name != "system" && name != "user" && name != "assistant" && name != "tool") {
      return fields.reject(where + ".role",
                           where + ".role: expected 'system', 'user', 'assistant' or 'tool'");
    }
    const Extras extras = extras_of(message);
    if ((name == "tool" || extras.calls) && model.style.calls == text::ToolCallStyle::kNone) {
      return fields.reject(where, where + ": this model's chat template knows no tools",
                           "unsupported_value");
    }
    rich = rich || name == "tool" || extras.calls || (extras.reasoning && model.style.reasons);
    if ((extras.calls || extras.reasoning) &&
        (!message.contains("content") || message["content"].is_null())) {
      out.messages.push_back({name, ""});
      continue;
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
  if (const Json* tools = fields.find("tools"); tools && !tools->empty())
    read_tools(fields, model, *tools, out);
  if (!rich && out.tools.is_null()) return;
  out.rich_messages = Json::array();
  for (std::size_t i = 0; i < messages->size(); ++i) {
    Json message = (*messages)[i];
    message["role"] = out.messages[i].role;
    message["content"] = out.messages[i].content;
    const Extras extras = extras_of(message);
    if (!extras.calls) message.erase("tool_calls");
    if (!extras.reasoning) message.erase("reasoning_content");
    parse_arguments(message);
    out.rich_messages.push_back(std::move(message));
  }
}

void read_stops(BodyFields& fields, chat::ReplySettings& settings) {
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
void refuse_unsupported(BodyFields& fields) {
  if (const Json* value = fields.find("functions"); value && !value->empty()) {
    fields.reject("functions", "functions: not supported by this server; use tools",
                  "unsupported_parameter");
  }
  for (const char* name : {"audio", "prediction", "web_search_options"}) {
    if (fields.find(name)) {
      fields.reject(name, fmt::format("{}: not supported by this server", name),
                    "unsupported_parameter");
    }
  }
}

void read_schema(BodyFields& format, const Json& holder, CompletionRequest& out) {
  const std::string place = "response_format.json_schema.";
  BodyFields fields(holder, {"name", "description", "schema", "strict"}, place);
  fields.boolean("strict");
  if (const Json* schema = fields.find("schema")) {
    out.form = WantedForm{place + "schema", engine::json_schema_source(*schema)};
  } else {
    fields.reject("schema", place + "schema: required", "missing_required_parameter");
  }
  format.take_problem(fields);
}

void read_format(BodyFields& fields, CompletionRequest& out) {
  const Json* format = fields.object("response_format");
  if (!format) return;
  BodyFields inner(*format, {"type", "json_schema"}, "response_format.");
  const Json type = format->value("type", Json());
  const Json* holder = inner.object("json_schema");
  if (type == "json_schema") {
    read_schema(inner, holder ? *holder : Json::object(), out);
  } else if (holder) {
    inner.reject("json_schema",
                 "response_format.json_schema: only allowed with \"type\": \"json_schema\"");
  } else if (type == "json_object") {
    out.form = WantedForm{"response_format", engine::json_object_source()};
  } else if (type != "text") {
    inner.reject("type", "response_format.type: expected 'text', 'json_object' or 'json_schema'");
  }
  fields.take_problem(inner);
}

// Fields of our own beside OpenAI's: one of them at most.
void read_guides(BodyFields& fields, CompletionRequest& out) {
  const auto guide = [&](const char* name, const auto& source_of) {
    const Json* value = fields.find(name);
    if (!value) return;
    if (out.form)
      return fields.reject(name, fmt::format("{}: another form is asked for already", name));
    try {
      out.form = WantedForm{name, source_of(*value)};
    } catch (const Json::exception&) {
      fields.reject(name, fmt::format("{}: has the wrong type", name), "invalid_type");
    }
  };
  guide("guided_regex", [](const Json& v) { return engine::regex_source(v.get<std::string>()); });
  guide("guided_grammar", [](const Json& v) { return engine::gbnf_source(v.get<std::string>()); });
  guide("guided_choice",
        [](const Json& v) { return engine::choice_source(v.get<std::vector<std::string>>()); });
  guide("guided_json", [](const Json& v) { return engine::json_schema_source(v); });
}

}  // namespace

void read_sampling(BodyFields& fields, chat::ReplySettings& settings) {
  engine::Sampling& sampling = settings.sampling;
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
    settings.random_seed = false;
  } else if (const auto value = fields.integer("seed", INT64_MIN, INT64_MAX)) {
    sampling.seed = static_cast<std::uint64_t>(*value);
    settings.random_seed = false;
  }
  set(sampling.presence_penalty, fields.number("presence_penalty", -2, 2));
  set(sampling.frequency_penalty, fields.number("frequency_penalty", -2, 2));
  if (const Json* bias = fields.object("logit_bias")) {
    if (bias->size() > kMaxBiases)
      fields.reject("logit_bias", fmt::format("logit_bias: at most {} tokens", kMaxBiases));
    for (const auto& [id, value] : bias->items()) {
      const bool number =
          !id.empty() && id.size() < 9 && id.find_first_not_of("0123456789") == std::string::npos;
      if (!number || !value.is_number() || !(std::abs(value.get<double>()) <= 100)) {
        fields.reject("logit_bias",
                      fmt::format("logit_bias: '{}': expected a token id and -100 to 100", id));
        break;
      }
      sampling.logit_bias.emplace_back(std::stoi(id), value.get<float>());
    }
  }
  read_stops(fields, settings);
}

std::optional<FieldProblem> parse_completion_request(const Json& body, const ModelAbilities& model,
                                                     CompletionRequest& out) {
  BodyFields fields(body, kKnown);
  if (const auto wanted = fields.string("model"); wanted && *wanted != model.name) {
    fields.reject(
        "model",
        fmt::format("model: '{}' does not exist here; this server has '{}' (GET /v1/models)",
                    *wanted, model.name),
        "model_not_found");
  }
  read_messages(fields, model, out);

  read_sampling(fields, out.settings);
  const auto newer = fields.integer("max_completion_tokens", 1, 1'000'000);
  const auto older = fields.integer("max_tokens", 1, 1'000'000);
  if (newer || older) out.settings.max_tokens = static_cast<int>(newer ? *newer : *older);
  if (fields.boolean("logprobs").value_or(false)) {
    out.settings.logprobs =
        static_cast<int>(fields.integer("top_logprobs", 0, kMaxTopLogprobs).value_or(0));
  } else if (fields.find("top_logprobs")) {
    fields.reject("top_logprobs", "top_logprobs: only allowed with \"logprobs\": true");
  }
  if (out.settings.logprobs >= 0 && !model.local) {
    fields.reject("logprobs", "logprobs: this model runs elsewhere and does not tell them",
                  "unsupported_value");
  }
  read_format(fields, out);
  read_guides(fields, out);
  if (!out.forced.is_none()) {
    if (out.form) {
      fields.reject("tool_choice", "tool_choice: the reply cannot be a call and have another form",
                    "unsupported_value");
    }
    out.form = WantedForm{"tool_choice", out.forced.source};
  }
  if (out.form && !model.local) {
    fields.reject("response_format",
                  "response_format: only models that run in this process can be held to a form",
                  "unsupported_value");
  }

  out.choices = static_cast<int>(fields.integer("n", 1, kMaxChoices).value_or(1));
  out.stream = fields.boolean("stream").value_or(false);
  if (const Json* options = fields.object("stream_options")) {
    BodyFields inner(*options, {"include_usage", "include_obfuscation"}, "stream_options.");
    out.include_usage = inner.boolean("include_usage").value_or(false);
    inner.boolean("include_obfuscation");
    fields.take_problem(inner);
    if (!out.stream)
      fields.reject("stream_options", "stream_options: only allowed with \"stream\": true");
  }
  refuse_unsupported(fields);
  return fields.problem();
}

}  // namespace parley::server
