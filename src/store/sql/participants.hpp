// Participants and the hashes of their secrets.
#pragma once

#include "base/clock.hpp"
#include "store/participants.hpp"
#include "store/sql/database.hpp"

namespace parley::store {

class SqlParticipants : public ParticipantRepository {
 public:
  SqlParticipants(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  std::string find(std::string_view secret) override;
  std::string ensure(std::string_view secret) override;

 private:
  Database& database_;
  const Clock& clock_;
};

}  // namespace parley::store
