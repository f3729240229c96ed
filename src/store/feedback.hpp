// What a participant thinks of a reply. Thread-safety, durability and errors are store.hpp's.
#pragma once

#include <optional>
#include <string>

namespace parley::store {

struct Feedback {
  std::string rating;  // "up", "down"
  std::optional<std::string> reason;
};

// It is read with the message (messages.hpp).
class FeedbackRepository {
 public:
  virtual ~FeedbackRepository() = default;

  // No feedback: takes it back. False also when the message is not the assistant's.
  virtual bool set(const std::string& participant, const std::string& message_id,
                   const std::optional<Feedback>& feedback) = 0;
};

}  // namespace parley::store
