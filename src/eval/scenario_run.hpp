// Plays scenarios with an assistant, many at once: while one waits for its reply the others are
// being answered. Every turn goes through the assistant's whole pipeline, as a visitor's does.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "chat/assistant.hpp"
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
  chat::ReplySettings settings;  // the caller sets temperature 0 for repeatable tests
  int concurrent = 32;
  std::function<void(std::size_t done, std::size_t passed)> on_progress;
};

// Results stand in the order of `scenarios`, which must outlive them. Each is a thread of a
// participant of its own, kept in the assistant's store. Errors: as the store's.
std::vector<ScenarioResult> run_scenarios(chat::Assistant& assistant,
                                          const std::vector<Scenario>& scenarios,
                                          const Catalogue* catalogue, const RunOptions& options);

}  // namespace parley::eval
