#include "chat/pipeline.hpp"

#include <utility>

#include "chat/stages/stages.hpp"

namespace parley::chat {

Pipeline talking_pipeline(ChatModel& model, store::Store& store, std::string system_prompt,
                          const Clock& clock) {
  Pipeline pipeline;
  pipeline.stages.push_back(make_admit(store, std::move(system_prompt), clock));
  pipeline.stages.push_back(make_keep(store, clock));
  pipeline.stages.push_back(make_reply(model, clock));
  pipeline.closing.push_back(make_record(store));
  return pipeline;
}

}  // namespace parley::chat
