// The `persona` section of parley.yaml, and of its `serving` section what a reply is made with.
#pragma once

#include <string>
#include <vector>

#include "base/fields.hpp"

namespace parley::chat {

struct Persona {
  std::string name = "Assistant";
  std::string voice;                     // a sentence or two: how it speaks
  std::string tagline;                   // one line under the name on the chat page
  std::string greeting;                  // shown in an empty thread; not sent to the model
  std::vector<std::string> suggestions;  // first questions offered on the chat page
  std::string system_prompt;             // sent to the model as the first message when not empty
};

// How a reply is sampled when whoever asks for it does not say.
struct ReplyDefaults {
  double temperature = 0.7;
  double top_p = 0.95;
  double min_p = 0.05;
  int top_k = 0;
  double repetition_penalty = 1.0;
  int max_tokens = 256;
};

void describe(Fields& at, Persona& persona);
void describe(Fields& at, ReplyDefaults& defaults);

}  // namespace parley::chat
