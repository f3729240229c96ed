// The body of POST /v1/chat/completions, checked field by field.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/turn.hpp"
#include "server/problem.hpp"

namespace parley::server {

struct CompletionRequest {
  std::vector<text::ChatMessage> messages;
  chat::ReplySettings settings;
  bool stream = false;
  bool include_usage = false;
};

// Fills `out`, whose settings hold the defaults; gives the first problem instead. `model` is the
// name served. Settings of OpenAI's protocol that this server cannot honour are refused rather than
// ignored.
std::optional<FieldProblem> parse_completion_request(const Json& body, const std::string& model,
                                                     CompletionRequest& out);

}  // namespace parley::server
