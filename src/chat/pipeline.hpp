// The stages that every turn goes through, in their order. What an assistant is able to do is which
// stages it is given: cli/ makes the list.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "chat/model/chat_model.hpp"
#include "chat/stage.hpp"
#include "store/store.hpp"

namespace parley::chat {

struct Pipeline {
  std::vector<std::unique_ptr<Stage>> stages;   // until one has answered
  std::vector<std::unique_ptr<Stage>> closing;  // then all of these, whoever answered
};

// An assistant that talks: admit, keep, reply; record. `model` and `store` outlive it.
Pipeline talking_pipeline(ChatModel& model, store::Store& store, std::string system_prompt,
                          const Clock& clock = Clock::system());

}  // namespace parley::chat
