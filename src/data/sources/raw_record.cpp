#include "data/sources/raw_record.hpp"

#include "base/error.hpp"

namespace parley::data {

void fail_record(const Place& place, std::string_view why, std::string hint) {
  if (hint.empty()) {
    hint =
        "correct the record, or run again with --skip-bad to leave such records out and list them";
  }
  fail(ErrorKind::kInvalidInput, place.text() + ": " + std::string(why), std::move(hint));
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kAssistant:
      return "assistant";
  }
  return "user";
}

}  // namespace parley::data
