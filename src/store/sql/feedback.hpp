// Feedback on replies.
#pragma once

#include "base/clock.hpp"
#include "store/feedback.hpp"
#include "store/sql/database.hpp"

namespace parley::store {

class SqlFeedback : public FeedbackRepository {
 public:
  SqlFeedback(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  bool set(const std::string& participant, const std::string& message_id,
           const std::optional<Feedback>& feedback) override;

 private:
  Database& database_;
  const Clock& clock_;
};

}  // namespace parley::store
