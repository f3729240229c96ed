// One step of the turn pipeline. A stage adds to the turn; it calls no other stage. It runs on a
// work thread and may suspend while it waits for a model. An Error it throws ends the turn.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/work_queue.hpp"
#include "chat/task.hpp"
#include "chat/turn.hpp"

namespace parley::chat {

class Stage {
 public:
  virtual ~Stage() = default;
  virtual Task run(Turn& turn) = 0;
};

// admit: cleans what was said, finds its place in the thread, reads the history, and writes the
// turn to the store. `store` may be null: then only conversations that the caller keeps are
// admitted. Errors: kInvalidInput (empty, not UTF-8), kLimit (too long), kNotFound (thread or
// message), kConflict (a message that cannot be answered).
std::unique_ptr<Stage> make_admit(store::Store* store, std::string system_prompt,
                                  const Clock& clock);

// reply: asks the model and passes its text on, saving what is there twice a second. Errors:
// kUnavailable (queue full), kInternal (the model failed).
std::unique_ptr<Stage> make_reply(ChatModel& model, store::Store* store, WorkQueue& work,
                                  const Clock& clock);

// record: writes how the turn ended.
std::unique_ptr<Stage> make_record(store::Store* store);

}  // namespace parley::chat
