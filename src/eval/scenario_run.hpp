// Plays scenarios against a model, many at once: while one waits for its reply the others are being
// answered.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chat/model/chat_model.hpp"
#include "eval/scenario.hpp"

namespace parley::eval {

struct TurnResult {
  std::string user, reply;
  std::vector<std::string> unmet;  // expectations the reply does not meet
  double seconds = 0;              // from request to last token
};

struct ScenarioResult {
  const Scenario* scenario = nullptr;
  std::vector<TurnResult> turns;
  bool passed = false;
  std::string error;  // the model failed; the scenario counts as failed
};

struct RunOptions {
  engine::Sampling sampling;  // the caller sets temperature 0 for repeatable tests
  int max_tokens = 160;
  int concurrent = 32;
  std::string system_prompt;  // first message when not empty
  std::function<void(std::size_t done, std::size_t passed)> on_progress;
};

// Results stand in the order of `scenarios`, which must outlive them. A turn's history holds the
// model's own replies.
std::vector<ScenarioResult> run_scenarios(chat::ChatModel& model,
                                          const std::vector<Scenario>& scenarios,
                                          const Catalogue* catalogue, const RunOptions& options);

}  // namespace parley::eval
