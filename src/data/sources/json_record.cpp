#include "data/sources/json_record.hpp"

#include <simdjson.h>

#include <string>
#include <utility>

#include "base/error.hpp"
#include "data/sources/json_fields.hpp"
#include "data/sources/json_flat.hpp"
#include "data/sources/json_turns.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

namespace dom = simdjson::dom;

static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kJsonKept = 2u << 20;

constexpr std::pair<std::string_view, JsonShape> kTurnLists[] = {
    {"messages", JsonShape::kOpenAi},
    {"conversations", JsonShape::kShareGpt},
    {"conversation", JsonShape::kShareGpt}};

constexpr std::string_view kShapes =
    "expected {\"messages\": [{\"role\", \"content\"}, …]} (OpenAI chat), {\"conversations\": "
    "[{\"from\", \"value\"}, …]} (ShareGPT) or {\"instruction\", \"input\", \"output\"} (Alpaca)";

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

}  // namespace

struct JsonRecordParser::State {
  dom::parser parser{kMaxRecordBytes};
  FlatFields flat;  // of the record before, which the next is likely to have too
};

JsonRecordParser::JsonRecordParser(ReadOptions options)
    : options_(std::move(options)), state_(std::make_unique<State>()) {}
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
  dom::element id;
  if (object["id"].get(id) == simdjson::SUCCESS) {
    std::int64_t number;
    if (id.get(record.id) != simdjson::SUCCESS && id.get(number) == simdjson::SUCCESS) {
      record.id = record.owned.emplace_back(std::to_string(number));
    }
  }
  const std::string_view named = options_.columns.messages();
  if (!named.empty()) {
    if (object[named].error() != simdjson::SUCCESS) {
      fail_record(place,
                  "the record has no field \"" + std::string(named) + "\", only " + keys_of(object),
                  "correct --columns messages=FIELD");
    }
    read_turns(object, named, options_, record, place);
    return;
  }
  for (const auto& [key, belongs_to] : kTurnLists) {
    if (shape != JsonShape::kAny && shape != belongs_to) continue;
    if (object[key].error() != simdjson::SUCCESS) continue;
    read_turns(object, key, options_, record, place);
    return;
  }
  if (shape != JsonShape::kAny || !read_flat(object, options_, state_->flat, record, place)) {
    fail_record(place, "the record has " + keys_of(object) + "; " + std::string(kShapes));
  }
}

}  // namespace parley::data
