// Which columns of a table, or fields of a flat JSON record, are what of a conversation. Every one
// is used, left out because the user's mapping or its own name says that it is none, or refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::data {

// What --columns says: "user=question,assistant=answer".
class ColumnMapping {
 public:
  // Names: user, input, assistant, system, role, content, weight, id; messages (JSON: the field
  // with the list of messages). Errors: kUsage.
  explicit ColumnMapping(std::string_view text = {});

  bool empty() const { return pairs_.empty(); }
  std::string_view messages() const;  // empty: not named
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Indices into the header.
struct Columns {
  std::optional<std::size_t> user, input, assistant, system, role, content, weight, id;
  std::vector<std::size_t> unread;   // have a name, and are left out
  std::vector<std::size_t> unnamed;  // have none: numbers may stand in them, text may not
};

// Finds the columns: from `mapping`, else by common names. `place` names the header. Errors:
// kInvalidInput naming the columns that are missing or that nothing says the use of, and what to
// write.
Columns find_columns(const std::vector<std::string>& header, const ColumnMapping& mapping,
                     std::string_view place);

// Is a column of this name found without a mapping?
bool names_column(std::string_view name);
// Does a field of this name hold what somebody says, in any format that is known?
bool names_speech(std::string_view name);
// Is it known to be no part of what is said: a date, a number, where it came from?
bool names_metadata(std::string_view name);

// 0 and 1, as OpenAI's format for fine-tuning has them; nothing for any other text.
std::optional<bool> read_weight(std::string_view text);

// What the user asked, of an instruction and what it is about: either may be empty.
std::string join_input(std::string_view instruction, std::string_view input);

}  // namespace parley::data
