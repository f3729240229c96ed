// str() and repr().
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "prompt/jinja/loop.hpp"
#include "prompt/jinja/namespace.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

void append_string_repr(Runtime& rt, std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  append(rt, out, {&quote, 1});
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    char escaped[16];
    if (c.value == static_cast<unsigned char>(quote) || c.value == '\\') {
      out += '\\';
      out += static_cast<char>(c.value);
    } else if (c.value == '\n') {
      out += "\\n";
    } else if (c.value == '\r') {
      out += "\\r";
    } else if (c.value == '\t') {
      out += "\\t";
    } else if (is_printable(c.value)) {
      append(rt, out, text.substr(at, c.length));
    } else {
      const char* form = c.value < 0x100 ? "\\x%02x" : c.value < 0x10000 ? "\\u%04x" : "\\U%08x";
      std::snprintf(escaped, sizeof escaped, form, static_cast<unsigned>(c.value));
      out += escaped;
    }
    at += c.length;
  }
  append(rt, out, {&quote, 1});
}

void append_repr(Runtime& rt, std::string& out, const Value& value);

void append_items(Runtime& rt, std::string& out, std::span<const Value> items) {
  bool first = true;
  for (const Value& item : items) {
    if (!first) append(rt, out, ", ");
    first = false;
    append_repr(rt, out, item);
  }
}

void append_dict(Runtime& rt, std::string& out, const Dict& dict) {
  append(rt, out, "{");
  bool first = true;
  for (const DictEntry& entry : dict.entries) {
    if (!first) append(rt, out, ", ");
    first = false;
    append_repr(rt, out, entry.key);
    append(rt, out, ": ");
    append_repr(rt, out, entry.value);
  }
  append(rt, out, "}");
}

void append_view(Runtime& rt, std::string& out, const Value& value) {
  const DictView& view = *value.as<const DictView>();
  append(rt, out,
         view.kind == DictView::Kind::kKeys     ? "dict_keys(["
         : view.kind == DictView::Kind::kValues ? "dict_values(["
                                                : "dict_items([");
  append_items(rt, out, iterate(rt, value));
  append(rt, out, "])");
}

void append_namespace(Runtime& rt, std::string& out, const Namespace& it) {
  append(rt, out, "<Namespace {");
  for (const Namespace::Binding* at = it.first; at != nullptr; at = at->next) {
    if (at != it.first) append(rt, out, ", ");
    append_string_repr(rt, out, at->name);
    append(rt, out, ": ");
    append_repr(rt, out, at->value);
  }
  append(rt, out, "}>");
}

void append_range(Runtime& rt, std::string& out, const Range& range) {
  append(rt, out,
         "range(" + std::to_string(range.start) + ", " + std::to_string(range.stop) +
             (range.step == 1 ? ")" : ", " + std::to_string(range.step) + ")"));
}

void append_repr(Runtime& rt, std::string& out, const Value& value) {
  const Runtime::Nesting nesting(rt);
  rt.charge(1);
  switch (value.type()) {
    case Type::kMissing:
      return;
    case Type::kUndefined:
      return append(rt, out, "Undefined");
    case Type::kNone:
      return append(rt, out, "None");
    case Type::kBool:
      return append(rt, out, value.as_integer() != 0 ? "True" : "False");
    case Type::kInt:
      return append(rt, out, std::to_string(value.as_integer()));
    case Type::kFloat:
      return append(rt, out, float_repr(value.as_real()));
    case Type::kString:
      if (value.is_markup()) append(rt, out, "Markup(");
      append_string_repr(rt, out, value.text());
      if (value.is_markup()) append(rt, out, ")");
      return;
    case Type::kList:
      append(rt, out, "[");
      append_items(rt, out, value.items());
      return append(rt, out, "]");
    case Type::kTuple:
      append(rt, out, "(");
      append_items(rt, out, value.items());
      return append(rt, out, value.items().size() == 1 ? ",)" : ")");
    case Type::kDict:
      return append_dict(rt, out, value.as_dict());
    case Type::kDictView:
      return append_view(rt, out, value);
    case Type::kRange:
      return append_range(rt, out, *value.as<const Range>());
    case Type::kNamespace:
      return append_namespace(rt, out, *value.as<const Namespace>());
    case Type::kMacro:
      append(rt, out, "<Macro ");
      append_string_repr(rt, out, value.as<const Macro>()->name);
      return append(rt, out, ">");
    case Type::kLoop:
      return append(rt, out,
                    "<LoopContext " + std::to_string(value.as<const Loop>()->index + 1) + "/" +
                        std::to_string(value.as<const Loop>()->items.size()) + ">");
    default:
      return append(rt, out, "<" + std::string(type_name(value)) + ">");
  }
}

}  // namespace

void append(Runtime& rt, std::string& out, std::string_view text) {
  rt.charge_bytes(text.size());
  if (text.size() >
      rt.limits().max_memory_bytes - std::min(out.size(), rt.limits().max_memory_bytes)) {
    rt.refuse_limit("a text is longer than " + std::to_string(rt.limits().max_memory_bytes) +
                    " bytes");
  }
  out += text;
}

void append_str(Runtime& rt, std::string& out, const Value& value) {
  if (value.is_string()) return append(rt, out, value.text());
  if (value.is_undefined()) return;
  append_repr(rt, out, value);
}

std::string_view to_str(Runtime& rt, const Value& value) {
  if (value.is_string()) return value.text();
  std::string out;
  append_str(rt, out, value);
  return rt.arena().copy(std::string_view(out));
}

std::string_view to_repr(Runtime& rt, const Value& value) {
  std::string out;
  append_repr(rt, out, value);
  return rt.arena().copy(std::string_view(out));
}

std::string float_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[40];
  const int exponent = [&] {
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    *end = 0;
    int out = 0;
    const char* e = std::find(buffer, static_cast<char*>(end), 'e') + 1;
    std::from_chars(*e == '+' ? e + 1 : e, end, out);
    return out;
  }();
  // Python writes an exponent below 1e-4 and from 1e16 on, of at least two digits as to_chars does.
  if (exponent < -4 || exponent >= 16) return buffer;
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
  std::string out(buffer, end);
  if (out.find('.') == std::string::npos) out += ".0";
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace parley::text::jinja
