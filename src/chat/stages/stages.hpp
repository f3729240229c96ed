// The stages of chat/ itself; docs/architecture.md has the pipeline as a table.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "chat/model/chat_model.hpp"
#include "chat/stage.hpp"
#include "store/store.hpp"

namespace parley::chat {

// admit: cleans what was said, finds its place in the thread and reads the history. Of a
// conversation that its caller keeps it takes the messages as they are. Errors: kInvalidInput
// (empty, not UTF-8), kLimit (too long), kNotFound (thread or message), kConflict (a message that
// cannot be answered).
std::unique_ptr<Stage> make_admit(store::Store& store, std::string system_prompt,
                                  const Clock& clock);

// keep: writes the turn to the store, and the reply twice a second while it grows. A turn that
// fails before it was accepted leaves nothing there; later, it is marked. Errors: kNotFound when
// the thread was deleted meanwhile.
std::unique_ptr<Stage> make_keep(store::Store& store, const Clock& clock);

// reply: asks the model, and says what it says. Answers every turn. Errors: kUnavailable (queue
// full), kInternal (the model failed).
std::unique_ptr<Stage> make_reply(ChatModel& model, const Clock& clock);

// record: writes how the turn ended.
std::unique_ptr<Stage> make_record(store::Store& store);

}  // namespace parley::chat
