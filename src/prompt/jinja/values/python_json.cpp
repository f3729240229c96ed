// json.dumps(), byte for byte: the filter tojson of chat templates.
#include <cmath>
#include <cstdio>

#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/stable_sort.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

void append_unit(std::string& out, unsigned unit) {
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\u%04x", unit);
  out += buffer;
}

void append_json_string(Runtime& rt, std::string& out, std::string_view text, bool ensure_ascii) {
  append(rt, out, "\"");
  std::size_t plain = 0;  // start of what can be copied as it is
  const auto flush = [&](std::size_t end) { append(rt, out, text.substr(plain, end - plain)); };
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte != '"' && byte != '\\' && (byte < 0x80 || !ensure_ascii)) {
      ++at;
      continue;
    }
    flush(at);
    const CodePoint c = decode_code_point(text, at);
    switch (c.value) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (c.value >= 0x10000) {
          append_unit(out, 0xD800 + ((c.value - 0x10000) >> 10));
          append_unit(out, 0xDC00 + ((c.value - 0x10000) & 0x3FF));
        } else {
          append_unit(out, c.value);
        }
    }
    at += c.length;
    plain = at;
  }
  flush(text.size());
  append(rt, out, "\"");
}

std::string number_text(const Value& value) {
  if (value.is(Type::kInt)) return std::to_string(value.as_integer());
  const double real = value.as_real();
  if (std::isnan(real)) return "NaN";
  if (std::isinf(real)) return real < 0 ? "-Infinity" : "Infinity";
  return float_repr(real);
}

class Writer {
 public:
  Writer(Runtime& rt, std::string& out, const JsonStyle& style)
      : rt_(rt), out_(out), style_(style) {}

  void write(const Value& value) {
    const Runtime::Nesting nesting(rt_);
    rt_.charge(1);
    switch (value.type()) {
      case Type::kNone:
        return append(rt_, out_, "null");
      case Type::kBool:
        return append(rt_, out_, value.as_integer() != 0 ? "true" : "false");
      case Type::kInt:
      case Type::kFloat:
        return append(rt_, out_, number_text(value));
      case Type::kString:
        return append_json_string(rt_, out_, value.text(), style_.ensure_ascii);
      case Type::kList:
      case Type::kTuple:
        return write_list(value.items());
      case Type::kDict:
        return write_dict(value.as_dict());
      default:
        break;
    }
    expect_defined(rt_, value);
    rt_.refuse("tojson cannot write a value of type '" + std::string(type_name(value)) + "'");
  }

 private:
  void write_list(std::span<const Value> items) {
    if (items.empty()) return append(rt_, out_, "[]");
    open('[');
    bool first = true;
    for (const Value& item : items) {
      next(first);
      write(item);
    }
    close(']');
  }

  void write_dict(const Dict& dict) {
    if (dict.entries.empty()) return append(rt_, out_, "{}");
    std::vector<DictEntry> entries(dict.entries.begin(), dict.entries.end());
    if (style_.sort_keys) {
      rt_.charge(entries.size() * 8);
      stable_sort(entries,
                  [&](const DictEntry& a, const DictEntry& b) { return less(rt_, a.key, b.key); });
    }
    open('{');
    bool first = true;
    for (const DictEntry& entry : entries) {
      next(first);
      write_key(entry.key);
      append(rt_, out_, style_.key_separator);
      write(entry.value);
    }
    close('}');
  }

  void write_key(const Value& key) {
    if (key.is_string()) return append_json_string(rt_, out_, key.text(), style_.ensure_ascii);
    std::string text;
    switch (key.type()) {
      case Type::kNone:
        text = "null";
        break;
      case Type::kBool:
        text = key.as_integer() != 0 ? "true" : "false";
        break;
      case Type::kInt:
      case Type::kFloat:
        text = number_text(key);
        break;
      default:
        rt_.refuse("tojson cannot write a key of type '" + std::string(type_name(key)) + "'");
    }
    append_json_string(rt_, out_, text, style_.ensure_ascii);
  }

  void open(char bracket) {
    out_ += bracket;
    ++level_;
    new_line();
  }
  void close(char bracket) {
    --level_;
    new_line();
    out_ += bracket;
  }
  void next(bool& first) {
    if (!first) {
      append(rt_, out_, style_.item_separator);
      new_line();
    }
    first = false;
  }
  void new_line() {
    if (!style_.pretty) return;
    append(rt_, out_, "\n");
    for (int i = 0; i < level_; ++i) append(rt_, out_, style_.indent);
  }

  Runtime& rt_;
  std::string& out_;
  const JsonStyle& style_;
  int level_ = 0;
};

}  // namespace

void append_json(Runtime& rt, std::string& out, const Value& value, const JsonStyle& style) {
  Writer(rt, out, style).write(value);
}

}  // namespace parley::text::jinja
