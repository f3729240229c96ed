// Who speaks: what a role field, a role column or a speaker line calls the user, the assistant, the
// system or a tool, in the spellings of the known formats and in several languages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/sources/raw_record.hpp"

namespace parley::data {

enum class Speaker { kUser, kAssistant, kSystem, kTool, kUnknown };

Role role_of(Speaker speaker);  // REQUIRES: neither kTool nor kUnknown

class Speakers {
 public:
  // `mapping`: "user=Anna,assistant=Ben", each as often as needed; what it names goes before the
  // known names. Errors: kUsage.
  explicit Speakers(std::string_view mapping = {});

  // Case, accents, and what joins words do not count.
  Speaker of(std::string_view name) const;
  bool is_mapped(std::string_view name) const;  // named by the mapping
  bool mapped() const { return !names_.empty(); }

 private:
  struct Name {
    std::string folded;
    Speaker speaker;
  };
  std::vector<Name> names_;
};

}  // namespace parley::data
