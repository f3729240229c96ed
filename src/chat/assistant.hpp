// The assistant: a model, a store and the pipeline that every turn goes through. It owns the
// running turns and the threads they run on.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/work_queue.hpp"
#include "chat/model/chat_model.hpp"
#include "chat/pipeline.hpp"
#include "chat/settings.hpp"
#include "chat/turn.hpp"
#include "constraint/constraint_compiler.hpp"
#include "store/store.hpp"

namespace parley::chat {

ReplySettings default_settings(const ReplyDefaults& defaults);

// Thread-safe. `model` and `store` outlive it.
class Assistant {
 public:
  Assistant(ChatModel& model, store::Store& store, Persona persona, ReplySettings defaults,
            Pipeline pipeline, const Clock& clock = Clock::system());
  ~Assistant();  // stops what is running and waits for it

  // Runs the turn; the listener hears of it from a work thread. A new message in a thread first
  // stops the replies that are still being generated there.
  std::shared_ptr<TurnControl> start(TurnInput input, std::shared_ptr<TurnListener> listener);

  void stop_thread(const std::string& thread_id, StopCause cause);
  void stop_all(StopCause cause);
  void wait_until_idle();
  int running() const;

  const Persona& persona() const { return persona_; }
  const ReplySettings& defaults() const { return defaults_; }
  ChatModel& model() { return model_; }
  store::Store& store() { return store_; }
  // For whatever else has to call the store or to tokenize.
  WorkQueue& work() { return work_; }
  // What replies are to be held to is compiled here, never on a work thread.
  engine::ConstraintCompiler& constraints() { return constraints_; }

 private:
  // Notes in `begun` which stages have begun.
  Task run_stages(Turn& turn, std::vector<Stage*>& begun);
  Detached drive(std::shared_ptr<Turn> turn);

  ChatModel& model_;
  store::Store& store_;
  Persona persona_;
  ReplySettings defaults_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<std::shared_ptr<Turn>> running_;  // the oldest first

  WorkQueue work_;
  engine::ConstraintCompiler constraints_;  // its threads stop first: they hand on to work_
  const Pipeline pipeline_;
};

}  // namespace parley::chat
