#include "server/http/problem.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "server/http/json_response.hpp"

namespace parley::server {
namespace {

const char* title_of(int status) {
  switch (status) {
    case 400:
      return "The request is malformed";
    case 403:
      return "Not allowed";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Too large";
    case 415:
      return "Unsupported media type";
    case 421:
      return "Wrong host";
    case 422:
      return "Something in the request is not valid";
    case 429:
      return "Too many requests";
    case 431:
      return "Header too large";
    case 503:
      return "Not available right now";
    default:
      return "Something went wrong on the server";
  }
}

const char* openai_type(int status) {
  if (status == 429) return "rate_limit_error";
  if (status == 404) return "not_found_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kContextLength:
      return 400;
    case ErrorKind::kInvalidInput:
      return 422;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kIo:
      return 500;
    case ErrorKind::kLimit:
      return 413;
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kInternal:
      return 500;
  }
  return 500;
}

struct Told {
  int status;
  std::string detail, hint, code;
};

Told tell(const Error& error, const std::string& request_id, int status) {
  Told told{status ? status : status_of(error.kind()), error.message(), error.hint(),
            std::string(kind_name(error.kind()))};
  if (error.kind() == ErrorKind::kIo || error.kind() == ErrorKind::kInternal) {
    log::error("request_failed",
               {{"id", request_id}, {"why", error.message()}, {"hint", error.hint()}});
    told.detail = "The server could not finish this request.";
    told.hint = "Try again; if it happens again, tell whoever runs this server the request id " +
                request_id + ".";
  }
  return told;
}

Json problem_object(const Told& told) {
  Json problem = {{"type", "urn:parley:problem:" + told.code},
                  {"title", title_of(told.status)},
                  {"status", told.status},
                  {"detail", told.detail}};
  if (!told.hint.empty()) problem["hint"] = told.hint;
  return problem;
}

Response problem_of(const Json& problem) {
  return json_response(problem["status"], problem, "application/problem+json");
}

Json openai_object(const Told& told, const Json& param) {
  const std::string message =
      told.hint.empty() ? told.detail : told.detail + " (" + told.hint + ")";
  std::string code = told.code;
  std::ranges::replace(code, '-', '_');  // as OpenAI spells them: context_length_exceeded
  return {{"error",
           {{"message", message},
            {"type", openai_type(told.status)},
            {"param", param},
            {"code", code.empty() ? Json() : Json(code)}}}};
}

const char* code_of(int status) {
  switch (status) {
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 405:
      return "method-not-allowed";
    case 413:
      return "too-large";
    case 421:
      return "wrong-host";
    case 429:
      return "busy";
    case 431:
      return "header-too-large";
    case 503:
      return "unavailable";
    default:
      return status >= 500 ? "internal" : "malformed";
  }
}

}  // namespace

Json problem_json(const Error& error, const std::string& request_id, int status) {
  return problem_object(tell(error, request_id, status));
}

Response problem_response(const Error& error, const std::string& request_id, int status) {
  return problem_of(problem_json(error, request_id, status));
}

Response problem_response(int status, const std::string& detail, const std::string& hint) {
  return problem_of(problem_object({status, detail, hint, code_of(status)}));
}

Response field_problem_response(const FieldProblem& problem) {
  Json object = problem_object({422, problem.message, {}, "invalid-input"});
  object["field"] = problem.field;
  return problem_of(object);
}

Json openai_error_json(const Error& error, const std::string& request_id, int status) {
  Told told = tell(error, request_id, status);
  if (told.status == 422) told.status = 400;
  return openai_object(told, nullptr);
}

Response openai_error_response(const Error& error, const std::string& request_id, int status) {
  Told told = tell(error, request_id, status);
  if (told.status == 422) told.status = 400;
  return json_response(told.status, openai_object(told, nullptr));
}

Response openai_error_response(int status, const std::string& message, const std::string& code) {
  return json_response(
      status, openai_object({status, message, {}, code.empty() ? code_of(status) : code}, nullptr));
}

Response openai_field_response(const FieldProblem& problem) {
  const int status = problem.code == "model_not_found" ? 404 : 400;
  return json_response(status,
                       openai_object({status, problem.message, {}, problem.code}, problem.field));
}

Response error_response(Surface surface, const Error& error, const std::string& request_id) {
  return rules_of(surface).errors == ErrorShape::kOpenAi ? openai_error_response(error, request_id)
                                                         : problem_response(error, request_id);
}

Response error_response(Surface surface, int status, const std::string& detail,
                        const std::string& hint) {
  if (rules_of(surface).errors == ErrorShape::kOpenAi)
    return openai_error_response(status, hint.empty() ? detail : detail + " (" + hint + ")");
  return problem_response(status, detail, hint);
}

void add_retry_after(Response& response, int seconds) {
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
}

Response openai_refusal(const Error& error, const std::string& request_id, bool queue_is_full) {
  Response response = openai_error_response(error, request_id, queue_is_full ? 429 : 0);
  if (queue_is_full || response.status == 503) add_retry_after(response, kRetryAfterSeconds);
  return response;
}

}  // namespace parley::server
