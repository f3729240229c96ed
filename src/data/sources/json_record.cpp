#include "data/sources/json_record.hpp"

#include <simdjson.h>

#include <string>

#include "base/error.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

namespace dom = simdjson::dom;

static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kJsonKept = 2u << 20;

constexpr std::string_view kShapes =
    "expected {\"messages\": [{\"role\", \"content\"}, …]} (OpenAI chat) or "
    "{\"conversations\": [{\"from\", \"value\"}, …]} (ShareGPT)";

[[noreturn]] void fail_syntax(simdjson::error_code code, std::string_view json,
                              const Place& place) {
  switch (code) {
    case simdjson::UTF8_ERROR: {
      const std::size_t at = text::find_invalid_utf8(json);
      const std::string where = at == std::string_view::npos
                                    ? ""
                                    : " at byte " + std::to_string(at + 1) + " of the record";
      fail_record(place, "invalid UTF-8" + where,
                  "save the file as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW), or run again "
                  "with --skip-bad");
    }
    case simdjson::DEPTH_ERROR:
      fail_record(place, "JSON nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
    case simdjson::UNCLOSED_STRING:
      fail_record(place, "not valid JSON: a string is not closed; the record may be cut off");
    case simdjson::UNESCAPED_CHARS:
      fail_record(place, "not valid JSON: a control character inside a string is not escaped");
    case simdjson::STRING_ERROR:
      fail_record(place, "not valid JSON: a bad \\ escape or half a surrogate pair in a string");
    case simdjson::NUMBER_ERROR:
      fail_record(place, "not valid JSON: a malformed number");
    case simdjson::MEMALLOC:
      throw std::bad_alloc();
    default:
      break;
  }
  const std::size_t first = json.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || json[first] != '{') {
    fail_record(place, "not valid JSON: a record starts with {");
  }
  const std::size_t last = json.find_last_not_of(" \t\r\n");
  if (last != std::string_view::npos && json[last] != '}' && json[last] != ']') {
    fail_record(place, "not valid JSON: the record ends before it is closed; it may be cut off");
  }
  fail_record(place, "not valid JSON: check its commas, colons and brackets");
}

std::string json_type_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string path_of(std::string_view list, std::size_t index, std::string_view field) {
  return std::string(list) + "[" + std::to_string(index) + "]." + std::string(field);
}

enum class Speaker { kSystem, kUser, kAssistant, kTool, kUnknown };

Speaker openai_speaker(std::string_view role) {
  if (role == "user") return Speaker::kUser;
  if (role == "assistant") return Speaker::kAssistant;
  if (role == "system" || role == "developer") return Speaker::kSystem;
  if (role == "tool" || role == "function") return Speaker::kTool;
  return Speaker::kUnknown;
}

Speaker sharegpt_speaker(std::string_view from) {
  if (from == "human" || from == "user") return Speaker::kUser;
  if (from == "gpt" || from == "assistant" || from == "chatgpt" || from == "model" ||
      from == "bot") {
    return Speaker::kAssistant;
  }
  if (from == "system") return Speaker::kSystem;
  if (from == "tool" || from == "function" || from == "function_call" || from == "observation" ||
      from == "function_response") {
    return Speaker::kTool;
  }
  return Speaker::kUnknown;
}

void add_message(RawRecord& record, Speaker speaker, std::string_view content) {
  switch (speaker) {
    case Speaker::kSystem:
      record.messages.push_back({Role::kSystem, content});
      break;
    case Speaker::kUser:
      record.messages.push_back({Role::kUser, content});
      break;
    case Speaker::kAssistant:
      record.messages.push_back({Role::kAssistant, content});
      break;
    default:
      ++record.left_out;
  }
}

// "content": a string, null (an assistant that only calls tools), or an array of parts of which the
// texts count.
std::string_view openai_content(const dom::element& content, RawRecord& record, const Place& place,
                                std::size_t index) {
  if (content.is_string()) return content.get_string().value_unsafe();
  if (content.is_null()) return {};
  dom::array parts;
  if (content.get(parts) != simdjson::SUCCESS) {
    fail_record(place, path_of("messages", index, "content") + " is " + json_type_of(content) +
                           ", expected a string or an array of parts");
  }
  std::string& joined = record.owned.emplace_back();
  for (const dom::element part : parts) {
    std::string_view text;
    if (part.get(text) == simdjson::SUCCESS || part["text"].get(text) == simdjson::SUCCESS) {
      if (!joined.empty()) joined += '\n';
      joined += text;
    } else if (!part.is_object()) {
      fail_record(place, path_of("messages", index, "content") + " has a part that is " +
                             json_type_of(part) + ", expected {\"type\": \"text\", \"text\": …}");
    }  // an image or audio part: there is no text in it
  }
  return joined;
}

void read_openai(const dom::array& messages, RawRecord& record, const Place& place) {
  std::size_t index = 0;
  for (const dom::element message : messages) {
    dom::object object;
    if (message.get(object) != simdjson::SUCCESS) {
      fail_record(place, "messages[" + std::to_string(index) + "] is " + json_type_of(message) +
                             ", expected an object with role and content");
    }
    std::string_view role;
    if (object["role"].get(role) != simdjson::SUCCESS) {
      fail_record(place, path_of("messages", index, "role") + " is missing or not a string");
    }
    const Speaker speaker = openai_speaker(role);
    if (speaker == Speaker::kUnknown) {
      fail_record(place, path_of("messages", index, "role") + " is \"" +
                             std::string(text::utf8_prefix(role, 40)) +
                             "\", expected system, developer, user, assistant, tool or function");
    }
    dom::element content;
    std::string_view text;
    if (object["content"].get(content) == simdjson::SUCCESS) {
      text = openai_content(content, record, place, index);
    } else if (object["tool_calls"].error() != simdjson::SUCCESS &&
               object["function_call"].error() != simdjson::SUCCESS && speaker != Speaker::kTool) {
      fail_record(place, path_of("messages", index, "content") + " is missing");
    }
    const bool only_calls = text.empty() && speaker == Speaker::kAssistant;
    add_message(record, only_calls ? Speaker::kTool : speaker, text);
    ++index;
  }
}

void read_sharegpt(const dom::object& whole, const dom::array& turns, RawRecord& record,
                   const Place& place) {
  std::string_view system;
  if (whole["system"].get(system) == simdjson::SUCCESS && !system.empty()) {
    add_message(record, Speaker::kSystem, system);
  }
  std::size_t index = 0;
  for (const dom::element turn : turns) {
    dom::object object;
    if (turn.get(object) != simdjson::SUCCESS) {
      fail_record(place, "conversations[" + std::to_string(index) + "] is " + json_type_of(turn) +
                             ", expected an object with from and value");
    }
    std::string_view from, value;
    if (object["from"].get(from) != simdjson::SUCCESS) {
      fail_record(place, path_of("conversations", index, "from") + " is missing or not a string");
    }
    if (object["value"].get(value) != simdjson::SUCCESS) {
      fail_record(place, path_of("conversations", index, "value") + " is missing or not a string");
    }
    const Speaker speaker = sharegpt_speaker(from);
    if (speaker == Speaker::kUnknown) {
      fail_record(place, path_of("conversations", index, "from") + " is \"" +
                             std::string(text::utf8_prefix(from, 40)) +
                             "\", expected human, gpt or system");
    }
    add_message(record, speaker, value);
    ++index;
  }
}

std::string keys_of(const dom::object& object) {
  std::string keys;
  int count = 0;
  for (const auto field : object) {
    if (count++ == 6) return keys + ", …";
    keys += (keys.empty() ? "" : ", ") + std::string(text::utf8_prefix(field.key, 40));
  }
  return keys.empty() ? "nothing" : keys;
}

}  // namespace

struct JsonRecordParser::State {
  dom::parser parser{kMaxRecordBytes};
};

JsonRecordParser::JsonRecordParser() : state_(std::make_unique<State>()) {}
JsonRecordParser::~JsonRecordParser() = default;

void JsonRecordParser::release() {
  if (state_->parser.capacity() > kJsonKept) state_ = std::make_unique<State>();
}

void JsonRecordParser::parse(std::string_view json, JsonShape shape, const Place& place,
                             RawRecord& record) {
  record.clear();
  if (json.size() > kMaxRecordBytes) {
    fail_record(place,
                "a record of more than " + std::to_string(kMaxRecordBytes / 1'000'000) + " MB");
  }
  release();  // a parser keeps the memory of its largest document
  if (state_->parser.capacity() < json.size()) {
    const auto error =
        state_->parser.allocate(std::max<std::size_t>(json.size(), 1u << 16), kMaxJsonDepth);
    if (error) fail_syntax(error, json, place);
  }
  dom::element root;
  const auto error = state_->parser.parse(json.data(), json.size(), false).get(root);
  if (error) fail_syntax(error, json, place);
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    fail_record(place, "the record is " + json_type_of(root) + "; " + std::string(kShapes));
  }
  dom::element list;
  const bool openai =
      shape != JsonShape::kShareGpt && object["messages"].get(list) == simdjson::SUCCESS;
  const bool sharegpt = !openai && shape != JsonShape::kOpenAi &&
                        (object["conversations"].get(list) == simdjson::SUCCESS ||
                         object["conversation"].get(list) == simdjson::SUCCESS);
  if (!openai && !sharegpt) {
    fail_record(place, "the record has " + keys_of(object) + "; " + std::string(kShapes));
  }
  dom::array messages;
  if (list.get(messages) != simdjson::SUCCESS) {
    fail_record(place, std::string(openai ? "messages" : "conversations") + " is " +
                           json_type_of(list) + ", expected an array");
  }
  dom::element id;
  if (object["id"].get(id) == simdjson::SUCCESS) {
    std::int64_t number;
    if (id.get(record.id) != simdjson::SUCCESS && id.get(number) == simdjson::SUCCESS) {
      record.id = record.owned.emplace_back(std::to_string(number));
    }
  }
  if (openai) {
    read_openai(messages, record, place);
  } else {
    read_sharegpt(object, messages, record, place);
  }
}

}  // namespace parley::data
