// Server-sent events (the HTML standard's text/event-stream) over an exchange: the one place that
// writes them.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// Status 200 and the headers that keep proxies from holding events back.
void begin_events(Exchange& exchange);
// One event; `name` may be empty, as OpenAI's protocol has it. Data is one line: JSON without
// line breaks.
void send_event(Exchange& exchange, std::string_view name, const Json& data);
// What OpenAI's clients wait for: "[DONE]", then the end.
void end_events_done(Exchange& exchange);

}  // namespace parley::server
