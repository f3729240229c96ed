#include "chat/settings.hpp"

namespace parley::chat {

void describe(Fields& at, Persona& p) {
  at.text("name", "the assistant's name", {.max_bytes = 80}, into(p.name));
  at.text("voice", "how it speaks, in a sentence or two", {.may_be_empty = true}, into(p.voice));
  at.text("tagline", "one line under the name on the chat page",
          {.may_be_empty = true, .max_bytes = 200}, into(p.tagline));
  at.text("greeting", "shown in an empty chat; not sent to the model", {.may_be_empty = true},
          into(p.greeting));
  at.texts("suggestions", "first questions offered on the chat page", 12, false, {.max_bytes = 200},
           into(p.suggestions));
  at.text("system_prompt", "sent to the model as the first message",
          {.may_be_empty = true, .max_bytes = 20000}, into(p.system_prompt));
}

void describe(Fields& at, ReplyDefaults& d) {
  at.number("temperature", "how freely the model chooses words; 0 = always the likeliest",
            {.min = 0, .max = 5}, into(d.temperature));
  at.number("top_p", "choose among the likeliest tokens that sum to this share",
            {.min = 0, .max = 1, .above_min = true}, into(d.top_p));
  at.number("min_p", "drop tokens below this share of the likeliest one's probability",
            {.min = 0, .max = 1}, into(d.min_p));
  at.integer("top_k", "choose among this many tokens; 0 = off", 0, 1'000'000, into(d.top_k));
  at.number("repetition_penalty", "above 1 discourages repeating; 1 = off",
            {.min = 0, .max = 10, .above_min = true}, into(d.repetition_penalty));
  at.integer("max_tokens", "longest reply, in tokens", 1, 32768, into(d.max_tokens));
}

}  // namespace parley::chat
