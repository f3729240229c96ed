#include "server/http/event_stream.hpp"

#include <string>

namespace parley::server {

void begin_events(Exchange& exchange) {
  exchange.begin_stream({200,
                         "text/event-stream",
                         {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
                         {},
                         {}});
}

void send_event(Exchange& exchange, std::string_view name, const Json& data) {
  std::string text;
  if (!name.empty()) text.append("event: ").append(name).append("\n");
  exchange.write(text + "data: " + to_text(data) + "\n\n");
}

void end_events_done(Exchange& exchange) {
  exchange.write("data: [DONE]\n\n");
  exchange.end_stream();
}

}  // namespace parley::server
