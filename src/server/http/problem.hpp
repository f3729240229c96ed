// The one place where an Error becomes an HTTP answer: an RFC 9457 problem or OpenAI's error
// object, as the surface has it. What went wrong inside (kIo, kInternal) is logged in full and told
// in general words.
#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/json.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// What is wrong with one field of a request.
struct FieldProblem {
  std::string field;    // "messages[2].role"
  std::string message;  // a sentence that names the field and what was expected
  std::string code;     // stable machine name; may be empty
};

// `status` 0: by the error's kind.
Json problem_json(const Error& error, const std::string& request_id, int status = 0);
Response problem_response(const Error& error, const std::string& request_id, int status = 0);
Response problem_response(int status, const std::string& detail, const std::string& hint = {});
Response field_problem_response(const FieldProblem& problem);

Json openai_error_json(const Error& error, const std::string& request_id, int status = 0);
Response openai_error_response(const Error& error, const std::string& request_id, int status = 0);
Response openai_error_response(int status, const std::string& message,
                               const std::string& code = {});
Response openai_field_response(const FieldProblem& problem);

// In the shape that the surface's clients expect.
Response error_response(Surface surface, const Error& error, const std::string& request_id);
Response error_response(Surface surface, int status, const std::string& detail,
                        const std::string& hint = {});

// "Retry-After: 2": what a full queue answers.
void add_retry_after(Response& response, int seconds);
// How long a client is asked to wait when the queue is full.
inline constexpr int kRetryAfterSeconds = 2;
// …and when this server cannot answer, but the next, or the same in a while, can.
inline constexpr int kRestartSeconds = 5;
// An error as OpenAI's clients expect it: 429 when a queue is full, with Retry-After where it
// helps.
Response openai_refusal(const Error& error, const std::string& request_id, bool queue_is_full);

}  // namespace parley::server
