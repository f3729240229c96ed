// How a model writes what is not simply its answer, as its chat template shows.
#pragma once

#include <string>

#include "prompt/tool_calls.hpp"

namespace parley::text {

struct WritingStyle {
  ToolCallStyle calls = ToolCallStyle::kNone;  // kNone where it has not learnt to call
  bool reasons = false;                        // it may write its reasoning before the answer
  bool opens_in_reasoning = false;             // its prompts end inside the reasoning
  std::string ends_reasoning;                  // then: what ends it, "</think>"
};

}  // namespace parley::text
