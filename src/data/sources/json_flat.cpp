#include "data/sources/json_flat.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "data/sources/json_fields.hpp"

namespace parley::data {
namespace {

namespace dom = simdjson::dom;

std::string_view text_of(const dom::element& value, const std::string& name, const Place& place) {
  std::string_view text;
  if (value.is_null() || value.get(text) == simdjson::SUCCESS) return text;
  fail_record(place, name + " is " + json_type_of(value) + ", expected a string");
}

bool is_learned(const dom::element& value, const std::string& name, const Place& place) {
  std::string_view text;
  const std::string shown = value.get(text) == simdjson::SUCCESS ? std::string(text)
                            : value.is_null()                    ? std::string()
                                                                 : simdjson::minify(value);
  const std::optional<bool> learned = read_weight(shown);
  if (!learned) {
    fail_record(place, name + " is " + shown + ", expected 0 (context only) or 1 (learned)");
  }
  return *learned;
}

// [["question", "answer"], …]
void read_history(const dom::element& value, RawRecord& record, const Place& place) {
  dom::array pairs;
  if (value.is_null()) return;
  if (value.get(pairs) != simdjson::SUCCESS) {
    fail_record(place, "history is " + json_type_of(value) +
                           ", expected a list of pairs, [asked, answered]");
  }
  std::size_t index = 0;
  for (const dom::element pair : pairs) {
    std::string_view asked, answered;
    dom::array two;
    if (pair.get(two) != simdjson::SUCCESS || two.size() != 2 ||
        two.at(0).get(asked) != simdjson::SUCCESS || two.at(1).get(answered) != simdjson::SUCCESS) {
      fail_record(place, "history[" + std::to_string(index) +
                             "] is not a pair of strings, [asked, answered]");
    }
    record.messages.push_back({Role::kUser, asked});
    record.messages.push_back({Role::kAssistant, answered});
    ++index;
  }
}

}  // namespace

bool read_flat(const dom::object& object, const ReadOptions& options, FlatFields& known,
               RawRecord& record, const Place& place) {
  const bool mapped = !options.columns.empty();
  std::vector<std::string> names;
  std::vector<dom::element> values;
  std::optional<dom::element> history;
  bool speaks = mapped;
  for (const auto field : object) {
    if (!mapped && field.key == "history") {
      history = field.value;
    } else if (mapped || names_column(field.key) || carries_text(field.value)) {
      speaks = speaks || names_speech(field.key) || field.key == "role";
      names.emplace_back(field.key);
      values.push_back(field.value);
    }
  }
  if (!speaks) return false;
  if (names != known.names || names.empty()) {
    known.columns = find_columns(names, options.columns, place.text());
    known.names = std::move(names);
  }
  const Columns& c = known.columns;
  if (c.role) {
    fail_record(
        place,
        "the record is one message (" + known.names[*c.role] + ", " + known.names[*c.content] + ")",
        "put the messages of a conversation into one record, {\"messages\": [{\"role\", "
        "\"content\"}, …]}, or save them as CSV with an id column");
  }
  const auto text = [&](const std::optional<std::size_t>& at) {
    return at ? text_of(values[*at], known.names[*at], place) : std::string_view();
  };
  std::string_view id;
  if (record.id.empty() && c.id && values[*c.id].get(id) == simdjson::SUCCESS) record.id = id;
  if (const std::string_view system = text(c.system); !system.empty()) {
    record.messages.push_back({Role::kSystem, system});
  }
  if (history) read_history(*history, record, place);
  const std::string_view asked = text(c.user), input = text(c.input);
  record.messages.push_back(
      {Role::kUser, input.empty()
                        ? asked
                        : std::string_view(record.owned.emplace_back(join_input(asked, input)))});
  const bool learned = !c.weight || is_learned(values[*c.weight], known.names[*c.weight], place);
  record.messages.push_back({Role::kAssistant, text(c.assistant), learned});
  for (const std::size_t i : c.unread) {
    if (!names_nothing_said(known.names[i]) && carries_text(values[i])) {
      note_unread(record, record.owned.emplace_back(known.names[i]));
    }
  }
  return true;
}

}  // namespace parley::data
