#include "data/sources/json_turns.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "data/sources/json_fields.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

namespace dom = simdjson::dom;

// How formats mark what is context and no target: OpenAI's weight, and truth values of others.
constexpr std::array kLearnedFlags = {std::string_view("train"), std::string_view("training"),
                                      std::string_view("loss")};

class TurnsReader {
 public:
  TurnsReader(std::string_view list, const Speakers& speakers, RawRecord& record,
              const Place& place)
      : list_(list), speakers_(speakers), record_(record), place_(place) {}

  void read(const dom::array& turns) {
    for (const dom::element turn : turns) {
      dom::object object;
      if (turn.get(object) != simdjson::SUCCESS) {
        fail_record(place_, std::string(list_) + "[" + std::to_string(index_) + "] is " +
                                json_type_of(turn) + ", expected an object with " +
                                std::string(role_key()) + " and " + std::string(content_key()));
      }
      read_turn(object);
      ++index_;
    }
  }

 private:
  struct Turn {
    std::optional<dom::element> role, content;
    std::string_view role_name, content_name;
    bool calls = false;  // it calls tools
    bool learned = true;
  };

  void read_turn(const dom::object& object) {
    Turn turn;
    turn.role_name = role_key();
    turn.content_name = content_key();
    for (const auto field : object) read_field(field.key, field.value, turn);
    std::string_view role;
    if (!turn.role || turn.role->get(role) != simdjson::SUCCESS) {
      fail_record(place_, path_of(turn.role_name) + " is missing or not a string");
    }
    const Speaker speaker = speakers_.of(role);
    if (speaker == Speaker::kUnknown) {
      fail_record(
          place_,
          path_of(turn.role_name) + " is \"" + std::string(text::utf8_prefix(role, 40)) +
              "\", expected user, assistant, system or tool",
          "say whose words they are: --speakers user=NAME,assistant=NAME; or run again with "
          "--skip-bad to leave such records out and list them");
    }
    std::string_view text;
    if (turn.content) {
      text = read_content(*turn.content, turn.content_name);
    } else if (!turn.calls && speaker != Speaker::kTool) {
      fail_record(place_, path_of(turn.content_name) + " is missing");
    }
    if (speaker == Speaker::kTool || (turn.calls && text.empty())) {
      ++record_.left_out;
      return;
    }
    if (turn.calls) note("tool_calls");
    record_.messages.push_back({role_of(speaker), text, turn.learned});
  }

  void read_field(std::string_view key, const dom::element& value, Turn& turn) {
    if (!turn.role && (key == "role" || key == "from")) {
      turn.role = value;
      turn.role_name = key;
    } else if (!turn.content && (key == "content" || key == "value")) {
      turn.content = value;
      turn.content_name = key;
    } else if (key == "tool_calls" || key == "function_call") {
      turn.calls = turn.calls || carries_text(value) || value.is_array();
    } else if (key == "weight") {
      read_weight_of(key, value, turn);
    } else if (std::find(kLearnedFlags.begin(), kLearnedFlags.end(), key) != kLearnedFlags.end()) {
      read_flag(key, value, turn);
    } else if (key != "name" && key != "tool_call_id" && !names_nothing_said(key) &&
               carries_text(value)) {
      note(key);
    }
  }

  void read_weight_of(std::string_view key, const dom::element& value, Turn& turn) {
    double weight = 1;
    if (value.is_null()) return;
    if (value.get(weight) != simdjson::SUCCESS || (weight != 0 && weight != 1)) {
      fail_record(place_, path_of(key) + " is " +
                              (value.is_number() ? simdjson::minify(value) : json_type_of(value)) +
                              ", expected 0 (context only) or 1 (learned)");
    }
    turn.learned = turn.learned && weight == 1;
  }

  void read_flag(std::string_view key, const dom::element& value, Turn& turn) {
    bool learned = true;
    if (value.is_null()) return;
    if (value.get(learned) != simdjson::SUCCESS) {
      fail_record(place_, path_of(key) + " is " + json_type_of(value) +
                              ", expected true (learned) or false (context only)");
    }
    turn.learned = turn.learned && learned;
  }

  // A string, null (an assistant that only calls tools), or an array of parts of which the texts
  // count.
  std::string_view read_content(const dom::element& content, std::string_view name) {
    if (content.is_string()) return content.get_string().value_unsafe();
    if (content.is_null()) return {};
    dom::array parts;
    if (content.get(parts) != simdjson::SUCCESS) {
      fail_record(place_, path_of(name) + " is " + json_type_of(content) +
                              ", expected a string or an array of parts");
    }
    std::string& joined = record_.owned.emplace_back();
    for (const dom::element part : parts) {
      std::string_view text;
      if (part.get(text) == simdjson::SUCCESS || part["text"].get(text) == simdjson::SUCCESS) {
        if (!joined.empty()) joined += '\n';
        joined += text;
      } else if (!part.is_object()) {
        fail_record(place_, path_of(name) + " has a part that is " + json_type_of(part) +
                                ", expected {\"type\": \"text\", \"text\": …}");
      } else {  // an image or audio part: there is no text in it
        std::string_view type;
        if (part["type"].get(type) != simdjson::SUCCESS) type = "?";
        note(std::string(name) + " of type " + std::string(text::utf8_prefix(type, 40)));
      }
    }
    return joined;
  }

  void note(std::string_view what) {
    std::string name = std::string(list_) + "[]." + std::string(what);
    for (const std::string_view noted : record_.unread) {
      if (noted == name) return;
    }
    note_unread(record_, record_.owned.emplace_back(std::move(name)));
  }

  // The names that messages use where the turn has none.
  std::string_view role_key() const { return list_ == "messages" ? "role" : "from"; }
  std::string_view content_key() const { return list_ == "messages" ? "content" : "value"; }
  std::string path_of(std::string_view field) const {
    return std::string(list_) + "[" + std::to_string(index_) + "]." + std::string(field);
  }

  std::string_view list_;
  const Speakers& speakers_;
  RawRecord& record_;
  const Place& place_;
  std::size_t index_ = 0;
};

}  // namespace

void read_turns(const dom::object& object, std::string_view list, const ReadOptions& options,
                RawRecord& record, const Place& place) {
  const dom::element value = object[list].value_unsafe();
  dom::array turns;
  if (value.get(turns) != simdjson::SUCCESS) {
    fail_record(place, std::string(list) + " is " + json_type_of(value) + ", expected an array");
  }
  std::string_view system;
  const bool has_system = object["system"].get(system) == simdjson::SUCCESS;
  if (has_system && !system.empty()) record.messages.push_back({Role::kSystem, system});
  TurnsReader(list, options.speakers, record, place).read(turns);
  settle_fields(object, !options.columns.empty(), record, place, [&](std::string_view key) {
    return key == list || (has_system && key == "system");
  });
}

}  // namespace parley::data
