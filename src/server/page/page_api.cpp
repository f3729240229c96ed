#include "server/page/page_api.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "chat/message_text.hpp"
#include "message/part_json.hpp"
#include "server/http/body_fields.hpp"
#include "server/http/json_response.hpp"
#include "server/http/problem.hpp"
#include "server/page/page_turn.hpp"

namespace parley::server {
namespace {

constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kMaxTitleBytes = 400;
constexpr std::size_t kMaxReasonBytes = 4000;
constexpr std::size_t kMaxSearchBytes = 400;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json body_of(const Request& request) {
  return request.body.empty() ? Json::object() : parse_json(request.body, "request body");
}

[[noreturn]] void no_such_thread() {
  fail(ErrorKind::kNotFound, "no such thread", "it may have been deleted");
}

// Answers with JSON; the first answer to a new participant also carries its cookie.
void answer(const std::shared_ptr<Exchange>& exchange, int status, const Json& body,
            const std::string& new_secret = {}) {
  Response response = json_response(status, body);
  if (status == 204) {
    response.content_type.clear();
    response.body.clear();
  }
  if (!new_secret.empty())
    response.headers.emplace_back("Set-Cookie", participant_cookie(new_secret));
  exchange->respond(std::move(response));
}

}  // namespace

std::string participant_secret(const Request& request) {
  const std::string_view secret = request.cookie(kParticipantCookie);
  const bool well_formed = secret.size() == kSecretDigits &&
                           secret.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return well_formed ? std::string(secret) : std::string();
}

std::string participant_cookie(const std::string& secret) {
  // 400 days: the longest a browser keeps a cookie.
  return std::string(kParticipantCookie) + "=" + secret +
         "; Path=/; HttpOnly; SameSite=Lax; Max-Age=34560000";
}

Json thread_json(const store::Thread& thread) {
  return {{"id", thread.id},
          {"title", thread.title},
          {"created_at", format_utc(thread.created_ms)},
          {"updated_at", format_utc(thread.updated_ms)},
          {"head_id", or_null(thread.head_id)},
          {"preview", thread.preview}};
}

Json message_json(const store::Message& message) {
  Json feedback;
  if (message.feedback) {
    feedback = {{"rating", message.feedback->rating},
                {"reason", or_null(message.feedback->reason)}};
  }
  return {{"id", message.id},
          {"thread_id", message.thread_id},
          {"parent_id", or_null(message.parent_id)},
          {"role", message.role},
          {"parts", message::to_json(message.parts)},
          {"created_at", format_utc(message.created_ms)},
          {"status", store::status_name(message.status)},
          {"feedback", feedback}};
}

PageApi::PageApi(chat::Assistant& assistant, Metrics& metrics, std::string version)
    : assistant_(assistant),
      store_(assistant.store()),
      metrics_(metrics),
      version_(std::move(version)) {}

void PageApi::config(const ExchangePtr& exchange) {
  const chat::Persona& persona = assistant_.persona();
  const engine::ModelInfo info = assistant_.model().info();
  const Json body = {{"assistant",
                      {{"name", persona.name},
                       {"tagline", persona.tagline},
                       {"greeting", persona.greeting},
                       {"suggestions", persona.suggestions}}},
                     {"model",
                      {{"name", assistant_.model().name()},
                       {"parameters", info.parameters},
                       {"context", info.context}}},
                     {"version", version_}};
  answer(exchange, 200, body,
         participant_secret(exchange->request).empty() ? random_hex(kSecretDigits / 2) : "");
}

void PageApi::list_threads(const ExchangePtr& exchange) {
  const Request& request = exchange->request;
  store::ThreadQuery query;
  query.search = request.query_value("q");
  query.before = request.query_value("before");
  if (query.search.size() > kMaxSearchBytes)
    fail(ErrorKind::kInvalidInput, "q: too long", "search for fewer words");
  if (const std::string limit = request.query_value("limit"); !limit.empty()) {
    const auto [end, error] =
        std::from_chars(limit.data(), limit.data() + limit.size(), query.limit);
    if (error != std::errc() || end != limit.data() + limit.size() || query.limit < 1 ||
        query.limit > 200) {
      fail(ErrorKind::kInvalidInput, "limit: expected a whole number from 1 to 200");
    }
  }
  Json body = {{"threads", Json::array()}, {"more", false}};
  const std::string secret = participant_secret(request);
  if (const std::string me = secret.empty() ? "" : store_.participants().find(secret);
      !me.empty()) {
    const store::ThreadPage page = store_.threads().list(me, query);
    for (const store::Thread& thread : page.threads) body["threads"].push_back(thread_json(thread));
    body["more"] = page.more;
  }
  answer(exchange, 200, body, secret.empty() ? random_hex(kSecretDigits / 2) : "");
}

void PageApi::create_thread(const ExchangePtr& exchange) {
  const Json body = body_of(exchange->request);
  BodyFields fields(body, {"title"});
  const std::string title = fields.string("title").value_or("");
  if (title.size() > kMaxTitleBytes) fields.reject("title", "title: too long");
  if (fields.problem()) return exchange->respond(field_problem_response(*fields.problem()));
  std::string secret = participant_secret(exchange->request), fresh;
  if (secret.empty()) secret = fresh = random_hex(kSecretDigits / 2);
  const std::string me = store_.participants().ensure(secret);
  answer(exchange, 201, thread_json(store_.threads().create(me, "web", title)), fresh);
}

namespace {

// The participant that the request speaks for; whoever has no cookie has nothing to be found.
std::string participant_of(store::Store& store, const Request& request) {
  const std::string secret = participant_secret(request);
  return secret.empty() ? "" : store.participants().find(secret);
}

store::Thread thread_of(store::Store& store, const Request& request, const std::string& id) {
  const std::string me = participant_of(store, request);
  auto thread = me.empty() ? std::nullopt : store.threads().find(me, id);
  if (!thread) no_such_thread();
  return std::move(*thread);
}

}  // namespace

void PageApi::get_thread(const ExchangePtr& exchange, const std::string& id) {
  Json body = {{"thread", thread_json(thread_of(store_, exchange->request, id))},
               {"messages", Json::array()}};
  const std::string me = participant_of(store_, exchange->request);
  for (const store::Message& message : store_.messages().list(me, id))
    body["messages"].push_back(message_json(message));
  answer(exchange, 200, body);
}

void PageApi::change_thread(const ExchangePtr& exchange, const std::string& id) {
  thread_of(store_, exchange->request, id);
  const std::string me = participant_of(store_, exchange->request);
  const Json body = body_of(exchange->request);
  BodyFields fields(body, {"title", "head_id"});
  const auto title = fields.string("title");
  const auto head = fields.string("head_id");
  if (title && title->size() > kMaxTitleBytes) fields.reject("title", "title: too long");
  if (fields.problem()) return exchange->respond(field_problem_response(*fields.problem()));
  if (title) store_.threads().rename(me, id, chat::clean_message(*title, "title"));
  if (head && !store_.threads().set_head(me, id, *head)) {
    fail(ErrorKind::kNotFound, "head_id: no such message in this thread");
  }
  answer(exchange, 200, thread_json(thread_of(store_, exchange->request, id)));
}

void PageApi::delete_thread(const ExchangePtr& exchange, const std::string& id) {
  thread_of(store_, exchange->request, id);
  assistant_.stop_thread(id, chat::StopCause::kParticipant);
  store_.threads().remove(participant_of(store_, exchange->request), id);
  answer(exchange, 204, {});
}

void PageApi::take_turn(const ExchangePtr& exchange, const std::string& id) {
  thread_of(store_, exchange->request, id);
  const Json body = body_of(exchange->request);
  BodyFields fields(body, {"text", "parent_id", "regenerate", "reply_to"});
  chat::TurnInput input;
  input.participant = participant_of(store_, exchange->request);
  input.thread_id = id;
  input.settings = assistant_.defaults();
  input.text = fields.string("text").value_or("");
  input.regenerate = fields.string("regenerate").value_or("");
  input.reply_to = fields.string("reply_to").value_or("");
  input.under_head = !fields.has("parent_id");
  input.parent_id = fields.string("parent_id");
  const int asked = (fields.find("text") ? 1 : 0) + (fields.find("regenerate") ? 1 : 0) +
                    (fields.find("reply_to") ? 1 : 0);
  if (asked != 1) fields.reject("text", "expected exactly one of text, regenerate and reply_to");
  if (fields.has("parent_id") && !fields.find("text")) {
    fields.reject("parent_id", "parent_id: only goes with text");
  }
  if (fields.problem()) return exchange->respond(field_problem_response(*fields.problem()));
  start_turn(assistant_, std::move(input), make_page_turn(exchange, metrics_, store_), exchange);
}

void PageApi::stop_turn(const ExchangePtr& exchange, const std::string& id) {
  thread_of(store_, exchange->request, id);
  assistant_.stop_thread(id, chat::StopCause::kParticipant);
  answer(exchange, 204, {});
}

void PageApi::set_feedback(const ExchangePtr& exchange, const std::string& id) {
  const Json body = body_of(exchange->request);
  BodyFields fields(body, {"rating", "reason"});
  const auto rating = fields.string("rating");
  auto reason = fields.string("reason");
  if (!fields.has("rating")) fields.reject("rating", "rating: required: \"up\", \"down\" or null");
  if (rating && *rating != "up" && *rating != "down") {
    fields.reject("rating", "rating: expected \"up\", \"down\" or null");
  }
  if (reason && reason->size() > kMaxReasonBytes) fields.reject("reason", "reason: too long");
  if (fields.problem()) return exchange->respond(field_problem_response(*fields.problem()));
  if (reason && reason->empty()) reason.reset();
  const std::string me = participant_of(store_, exchange->request);
  std::optional<store::Feedback> feedback;
  if (rating) feedback = store::Feedback{*rating, reason};
  if (me.empty() || !store_.feedback().set(me, id, feedback)) {
    fail(ErrorKind::kNotFound, "no such reply", "only the assistant's messages can be rated");
  }
  answer(exchange, 200, message_json(*store_.messages().find(me, id)));
}

}  // namespace parley::server
