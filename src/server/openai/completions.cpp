#include "server/openai/completions.hpp"

#include <utility>

#include "base/clock.hpp"
#include "server/http/json_response.hpp"
#include "server/http/problem.hpp"
#include "server/openai/completion_answer.hpp"
#include "server/openai/completion_request.hpp"

namespace parley::server {
namespace {

// `loaded` is ours: the others are loaded when they are asked for.
Json model_object(const std::string& name, std::int64_t created, bool loaded) {
  return {{"id", name},
          {"object", "model"},
          {"created", created},
          {"owned_by", "parley"},
          {"loaded", loaded}};
}

// Of a form that was not compiled: it is none, or too much is being compiled.
void refuse_form(Exchange& exchange, const std::string& field, const Error& error) {
  if (error.kind() == ErrorKind::kInvalidInput) {
    exchange.respond(
        openai_field_response({field, field + ": " + error.message(), "invalid_value"}));
  } else {
    const bool full = error.kind() == ErrorKind::kUnavailable;
    exchange.respond(openai_refusal(error, exchange.request.id, full));
  }
}

}  // namespace

Completions::Completions(chat::Assistant& assistant, Metrics& metrics, ExchangeWork& work,
                         chat::ModelPool* pool)
    : assistant_(assistant),
      metrics_(metrics),
      work_(work),
      pool_(pool),
      started_s_(Clock::system().now_ms() / 1000) {}

void Completions::models(const std::shared_ptr<Exchange>& exchange) const {
  Json list = Json::array({model_object(assistant_.model().name(), started_s_, true)});
  if (pool_) {
    for (const auto& each : pool_->list())
      list.push_back(model_object(each.name, started_s_, each.loaded));
  }
  const Json body = {{"object", "list"}, {"data", std::move(list)}};
  exchange->respond(json_response(200, body));
}

void Completions::one_model(const std::shared_ptr<Exchange>& exchange,
                            const std::string& id) const {
  const auto found = [&](bool loaded) {
    exchange->respond(json_response(200, model_object(id, started_s_, loaded)));
  };
  const std::string name = assistant_.model().name();
  if (id == name) return found(true);
  if (pool_) {
    for (const auto& each : pool_->list()) {
      if (each.name == id) return found(each.loaded);
    }
  }
  exchange->respond(openai_field_response(
      {"model", "model: '" + id + "' does not exist here; this server has '" + name + "'",
       "model_not_found"}));
}

void Completions::create(const std::shared_ptr<Exchange>& exchange, const Json& body,
                         chat::ModelLease lease) {
  const text::WritingStyle style = lease->style();
  auto request = std::make_shared<CompletionRequest>();
  request->settings = assistant_.defaults();
  if (const auto problem = parse_completion_request(
          body, {lease->name(), style, lease->engine() != nullptr}, *request)) {
    return exchange->respond(openai_field_response(*problem));
  }
  if (!request->form) return start(exchange, *request, std::move(lease));

  const auto resume = work_.suspend(exchange);
  const auto ticket = assistant_.constraints().ticket();
  exchange->on_gone([ticket] { ticket->cancel(); });
  assistant_.constraints().compile(
      std::move(request->form->source), exchange->request.client(), ticket,
      [this, resume, exchange, request, lease](engine::GrammarPtr grammar, const Error* error) {
        if (error) {
          return resume([exchange, request, error = *error] {
            refuse_form(*exchange, request->form->field, error);
          });
        }
        request->settings.grammar = std::move(grammar);
        resume([this, exchange, request, lease] { start(exchange, *request, lease); });
      });
}

void Completions::start(const std::shared_ptr<Exchange>& exchange, CompletionRequest& request,
                        chat::ModelLease lease) {
  chat::ChatModel& model = *lease;
  const text::WritingStyle style = model.style();
  AnswerOptions answer;
  answer.model = model.name();
  if (const std::string address = model.info().address; !address.empty())
    answer.fingerprint = "fp_" + address.substr(0, 12);
  answer.stream = request.stream;
  answer.include_usage = request.include_usage;
  answer.choices = request.choices;
  if (request.settings.logprobs >= 0 && model.engine())
    answer.tokenizer = &model.engine()->tokenizer();
  chat::TurnInput input;
  // A call counts only where there are tools; without them, and without reasoning, the model's
  // words are the answer to the byte.
  const bool tools = !request.tools.is_null();
  input.reading = text::ToolCallOptions{
      tools ? style.calls : text::ToolCallStyle::kNone, style.reasons || tools,
      style.opens_in_reasoning && !request.settings.grammar, request.tools};
  if (!request.forced.is_none()) {
    input.read_before = request.forced.begun;
    input.reading->style = request.forced.read_as;
  }
  input.call_ids = std::make_shared<text::CallIds>(style.calls);
  input.call_ids->take(request.rich_messages);
  input.messages = std::move(request.messages);
  input.rich_messages = std::move(request.rich_messages);
  input.tools = std::move(request.tools);
  // What must have a form leaves no room for reasoning.
  if (request.settings.grammar && style.opens_in_reasoning)
    input.begun = "\n" + style.ends_reasoning + "\n\n";
  input.begun += request.forced.begun;
  input.settings = std::move(request.settings);
  input.model = std::move(lease);
  start_answer(assistant_, metrics_, exchange, std::move(input), std::move(answer));
}

}  // namespace parley::server
