// One step of the turn pipeline. A stage adds to the turn; it calls no other stage, and says
// whether the turn has its answer. It runs on a work thread and may suspend while it waits for a
// model. An Error it throws ends the turn.
#pragma once

#include "chat/task.hpp"
#include "chat/turn.hpp"

namespace parley::chat {

class Stage {
 public:
  virtual ~Stage() = default;
  virtual Task run(Turn& turn) = 0;
  // The turn failed after this stage had run to its end, or within it: takes back what must not
  // stay. Stages are asked in reverse order. Must not throw.
  virtual void undo(Turn& turn) noexcept {}
};

}  // namespace parley::chat
