// Ids of tool calls: the only link between a call and its result. Each is unlike every other of its
// conversation, and drawn at random, so that no other request, choice or run has it either.
// Thread-safe: the choices of one answer share them.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "prompt/tool_calls.hpp"

namespace parley::text {

class CallIds {
 public:
  // `style` decides their form: Mistral's templates refuse all but nine letters and digits.
  explicit CallIds(ToolCallStyle style) : nine_(style == ToolCallStyle::kMistral) {}

  // The ids that calls and results have in messages as OpenAI's protocol has them; null: none.
  void take(const Json& messages);
  // Of one more call. `own` is what the model wrote, or empty: it stays when it has the form and
  // nothing else has it.
  std::string next(std::string_view own);

 private:
  bool fits(std::string_view own) const;

  const bool nine_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace parley::text
