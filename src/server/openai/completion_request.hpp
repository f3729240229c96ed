// The body of POST /v1/chat/completions, checked field by field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/model/forced_call.hpp"
#include "chat/turn.hpp"
#include "prompt/writing_style.hpp"
#include "server/http/body_fields.hpp"
#include "server/http/problem.hpp"

namespace parley::server {

// A form that the reply must have, to be compiled once the whole request is known to be good.
struct WantedForm {
  std::string field;  // of the request: who is to blame if it cannot be compiled
  engine::ConstraintSource source;
};

struct CompletionRequest {
  std::vector<text::ChatMessage> messages;
  Json rich_messages, tools;       // null unless there are tools, their results, or reasoning
  chat::ForcedCall forced;         // none unless tool_choice asks for a call
  std::optional<WantedForm> form;  // forced calls included
  chat::ReplySettings settings;
  int choices = 1;
  bool stream = false;
  bool include_usage = false;
};

// What a model can be asked for.
struct ModelAbilities {
  std::string name;
  text::WritingStyle style;  // `calls` is kNone where its template knows no tools
  bool local = false;        // it runs in this process: log-probabilities and grammars are possible
};

// Reads what several endpoints share: temperature, top_p, penalties, logit_bias, seed, stop.
void read_sampling(BodyFields& fields, chat::ReplySettings& settings);

// Fills `out`, whose settings hold the defaults; gives the first problem instead. Settings of
// OpenAI's protocol that this server cannot honour are refused rather than ignored.
std::optional<FieldProblem> parse_completion_request(const Json& body, const ModelAbilities& model,
                                                     CompletionRequest& out);

}  // namespace parley::server
