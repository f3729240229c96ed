// A record as its source has it, before cleaning. The views point into the parser or the chunk they
// came from and are valid until the next record is parsed.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace parley::data {

// Where a record starts. Lines count from 1; 0 means the whole file.
struct Place {
  std::string_view file;
  std::uint64_t line = 0;
  std::string text() const {
    return line == 0 ? std::string(file) : std::string(file) + ":" + std::to_string(line);
  }
};

// Throws kInvalidInput "FILE:LINE: WHY".
[[noreturn]] void fail_record(const Place& place, std::string_view why, std::string hint = {});

enum class Role { kSystem, kUser, kAssistant };
std::string_view role_name(Role role);  // "system", "user", "assistant"

struct RawMessage {
  Role role;
  std::string_view content;
  bool learned = true;  // false (weight 0): context, no target of training
};

struct RawRecord {
  std::string_view id;               // empty: none given
  std::vector<RawMessage> messages;  // empty for a document
  std::string_view title;
  std::string_view text;
  int left_out = 0;  // tool and function messages, which the chat format has no place for
  std::vector<std::string_view> unread;  // fields with text that have no place in the record
  bool unescaped =
      false;  // came out of a Markdown or HTML parser: its entities are decoded already
  std::size_t repaired = 0;       // ill-formed UTF-8 sequences replaced in a document
  std::deque<std::string> owned;  // backs views that had to be put together

  void clear() {
    id = title = text = {};
    messages.clear();
    unread.clear();
    left_out = 0;
    unescaped = false;
    repaired = 0;
    owned.clear();
  }
};

}  // namespace parley::data
