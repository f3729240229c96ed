// Who speaks with the assistant. Thread-safety, durability and errors are store.hpp's.
#pragma once

#include <string>
#include <string_view>

namespace parley::store {

class ParticipantRepository {
 public:
  virtual ~ParticipantRepository() = default;

  // The id of the participant who holds this secret (a cookie's value); only the secret's SHA-256
  // is stored. find() gives an empty id when there is none, ensure() makes one.
  virtual std::string find(std::string_view secret) = 0;
  virtual std::string ensure(std::string_view secret) = 0;
};

}  // namespace parley::store
