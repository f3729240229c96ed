#include "data/stored.hpp"

#include <simdjson.h>

#include "base/error.hpp"
#include "data/sources/json_record.hpp"

namespace parley::data {
namespace {

void append_string(std::string_view text, std::string& out) {
  out.push_back('"');
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(start, i - start));
    start = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default: {
        constexpr char kHex[] = "0123456789abcdef";
        out += "\\u00";
        out.push_back(kHex[c >> 4]);
        out.push_back(kHex[c & 15]);
      }
    }
  }
  out.append(text.substr(start));
  out.push_back('"');
}

[[noreturn]] void fail_unreadable() {
  fail(ErrorKind::kInvalidInput, "the dataset is damaged: a stored record cannot be read",
       "run `parley data add` to build it again");
}

}  // namespace

void append_record_json(const Record& record, std::string_view language, std::string& out) {
  out += "{\"id\":";
  append_string(record.id, out);
  if (!language.empty()) {
    out += ",\"language\":";
    append_string(language, out);
  }
  if (record.is_document()) {
    out += ",\"title\":";
    append_string(record.title, out);
    out += ",\"text\":";
    append_string(record.text, out);
  } else {
    out += ",\"messages\":[";
    bool first = true;
    for (const auto& message : record.messages) {
      out += first ? "{\"role\":" : ",{\"role\":";
      first = false;
      append_string(message.role, out);
      out += ",\"content\":";
      append_string(message.content, out);
      out += message.learned ? "}" : ",\"weight\":0}";
    }
    out.push_back(']');
  }
  out.push_back('}');
}

struct StoredRecordParser::State {
  simdjson::dom::parser parser;
};

StoredRecordParser::StoredRecordParser() : state_(std::make_unique<State>()) {}
StoredRecordParser::~StoredRecordParser() = default;

void StoredRecordParser::parse(std::string_view line, Record& record, std::string* language) {
  if (state_->parser.capacity() > (4u << 20)) state_ = std::make_unique<State>();
  simdjson::dom::object object;
  if (state_->parser.parse(line.data(), line.size(), false).get(object) != simdjson::SUCCESS) {
    fail_unreadable();
  }
  const auto text_of = [&](std::string_view key, std::string& out, bool needed) {
    std::string_view value;
    if (object[key].get(value) == simdjson::SUCCESS) {
      out = value;
    } else if (needed) {
      fail_unreadable();
    } else {
      out.clear();
    }
  };
  text_of("id", record.id, true);
  if (language) text_of("language", *language, false);
  text_of("title", record.title, false);
  text_of("text", record.text, false);
  simdjson::dom::array messages;
  std::size_t count = 0;
  if (object["messages"].get(messages) == simdjson::SUCCESS) {
    for (const simdjson::dom::element message : messages) {
      std::string_view role, content;
      if (message["role"].get(role) != simdjson::SUCCESS ||
          message["content"].get(content) != simdjson::SUCCESS) {
        fail_unreadable();
      }
      if (count == record.messages.size()) record.messages.emplace_back();
      record.messages[count].role = role;
      record.messages[count].content = content;
      record.messages[count].learned = message["weight"].error() != simdjson::SUCCESS;
      ++count;
    }
  }
  record.messages.resize(count);
}

}  // namespace parley::data
