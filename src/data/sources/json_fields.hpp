// What the readers of JSON records share: names for messages, and what a field holds.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "data/sources/columns.hpp"
#include "data/sources/raw_record.hpp"

namespace parley::data {

std::string json_type_of(const simdjson::dom::element& element);  // "an array"
std::string keys_of(const simdjson::dom::object& object);         // the first six, for messages

// A string that is not empty, somewhere inside.
bool carries_text(const simdjson::dom::element& element);

// Remembers that the text of field `name` has no place in the record; `name` must outlive it.
void note_unread(RawRecord& record, std::string_view name);

bool is_said_in(const RawRecord& record, std::string_view text);
[[noreturn]] void fail_unread(const Place& place, std::string_view name);
bool names_nothing_said(std::string_view name);

// Takes the record's fields beside what was read, of which `is_read` tells. One whose name says
// that somebody speaks is an error, unless the same words were read; of others with text the name
// is noted. With `mapped`, the user said what counts: then all are noted. Errors: kInvalidInput.
template <class IsRead>
void settle_fields(const simdjson::dom::object& object, bool mapped, RawRecord& record,
                   const Place& place, const IsRead& is_read) {
  for (const auto field : object) {
    if (is_read(field.key) || names_nothing_said(field.key) || !carries_text(field.value)) continue;
    std::string_view text;
    const bool repeated = field.value.get(text) == simdjson::SUCCESS && is_said_in(record, text);
    if (repeated) continue;
    if (!mapped && names_speech(field.key)) fail_unread(place, field.key);
    note_unread(record, field.key);
  }
}

}  // namespace parley::data
