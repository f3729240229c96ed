// "…" % values, "…".format(values) and "…".replace(from, to).
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

// --- % -----------------------------------------------------------------------------------------

class PercentFormat {
 public:
  PercentFormat(Runtime& rt, const Value& format, const Value& arguments)
      : rt_(rt), whole_(format), format_(format.text()), arguments_(arguments) {
    if (arguments.is(Type::kTuple)) {
      list_ = arguments.items();
    } else {
      list_ = {&arguments_, 1};
    }
  }

  Value run() {
    while (at_ < format_.size()) {
      const std::size_t sign = format_.find('%', at_);
      out_.append(rt_, whole_, format_.substr(at_, sign - at_));
      if (sign == std::string_view::npos) break;
      at_ = sign + 1;
      conversion();
    }
    // Python takes whatever has items for a mapping, of which some may stay unused.
    const bool mapping = arguments_.is(Type::kDict) || arguments_.is(Type::kList) ||
                         arguments_.is(Type::kRange) || arguments_.is_undefined();
    if (next_ < list_.size() && !mapping) rt_.refuse("% has more values than the format takes");
    return out_.value(rt_, whole_.is_markup());
  }

 private:
  char peek() {
    if (at_ >= format_.size()) rt_.refuse("the format ends inside a % conversion");
    return format_[at_];
  }

  const Value& next_value() {
    if (next_ >= list_.size()) rt_.refuse("% has fewer values than the format takes");
    return list_[next_++];
  }

  std::int64_t number() {
    if (peek() == '*') {
      ++at_;
      return expect_integer(rt_, next_value(), "the '*' of a format");
    }
    std::int64_t out = 0;
    while (peek() >= '0' && peek() <= '9') {
      out = out * 10 + (format_[at_++] - '0');
      if (out > 1'000'000'000) rt_.refuse("a number in the format is too large");
    }
    return out;
  }

  void conversion() {
    const Value* value = nullptr;
    if (peek() == '(') {
      const std::size_t end = format_.find(')', at_);
      if (end == std::string_view::npos) rt_.refuse("a name in the format lacks its ')'");
      if (!arguments_.is(Type::kDict)) rt_.refuse("a format with names takes a dict");
      const std::string_view name = format_.substr(at_ + 1, end - at_ - 1);
      value = arguments_.as_dict().find(name);
      if (value == nullptr) rt_.refuse("the dict has no '" + std::string(name) + "'");
      at_ = end + 1;
    }
    bool left = false, zero = false, alternate = false;
    char sign = 0;
    for (bool flag = true; flag;) {
      switch (peek()) {
        case '-':
          left = true;
          break;
        case '+':
          sign = '+';
          break;
        case ' ':
          sign = sign == 0 ? ' ' : sign;
          break;
        case '0':
          zero = true;
          break;
        case '#':
          alternate = true;
          break;
        default:
          flag = false;
      }
      if (flag) ++at_;
    }
    std::int64_t width = number();
    if (width < 0) {
      left = true;
      width = -width;
    }
    std::int64_t precision = -1;
    if (peek() == '.') {
      ++at_;
      precision = std::max<std::int64_t>(0, number());
    }
    while (peek() == 'l' || peek() == 'h' || peek() == 'L') ++at_;
    const char type = format_[at_++];
    if (type == '%') return out_.append(rt_, whole_, format_.substr(at_ - 1, 1));
    if (value == nullptr) value = &next_value();
    write(*value, type, left, zero && !left, alternate, sign, width, precision);
  }

  void write(const Value& value, char type, bool left, bool zero, bool alternate, char sign,
             std::int64_t width, std::int64_t precision) {
    std::string spec;
    Value subject = value;
    if (type == 's' || type == 'r' || type == 'a' || type == 'c') {
      if (type == 's' && width == 0 && precision < 0) return out_.append(rt_, value);
      std::string_view text = type == 's' || type == 'c' ? to_str(rt_, value) : to_repr(rt_, value);
      if (type == 'c') text = character(value);
      if (precision >= 0) text = text.substr(0, code_point_offset(text, precision));
      subject = Value::string(text, author_of(value));
      spec = left ? "<" : ">";
    } else {
      expect_defined(rt_, value);
      if (!value.is_number()) {
        rt_.refuse("'%" + std::string(1, type) + "' takes a number, not '" +
                   std::string(type_name(value)) + "'");
      }
      spec = left ? "<" : zero ? "=" : ">";
      if (zero) spec = "0=";
      if (sign != 0) spec += sign;
      if (alternate) spec += '#';
      const bool whole = std::string_view("diuxXo").find(type) != std::string_view::npos;
      if (whole) {
        const bool real = value.is(Type::kFloat);
        const bool fits = value.as_real() > -9.3e18 && value.as_real() < 9.2e18;
        if (real && (!fits || type == 'x' || type == 'X' || type == 'o')) {
          rt_.refuse("'%" + std::string(1, type) + "' takes an int");
        }
        subject =
            Value::integer(real ? static_cast<std::int64_t>(value.as_real()) : value.as_integer());
        if (type == 'i' || type == 'u') type = 'd';
        return write_whole(subject, spec, type, width, precision);
      }
      if (std::string_view("eEfFgG").find(type) == std::string_view::npos) {
        rt_.refuse("'%" + std::string(1, type) + "' is no conversion");
      }
    }
    if (width > 0) spec += std::to_string(width);
    if (subject.is_number()) {
      if (precision >= 0) spec += "." + std::to_string(precision);
      spec += type;
    }
    write_formatted(subject, spec);
  }

  void write_formatted(const Value& value, std::string_view spec) {
    std::string text;
    append_formatted(rt_, text, value, spec);
    out_.append(rt_, text, author_of(value));
  }

  // The precision of an int is its least number of digits.
  void write_whole(const Value& value, std::string spec, char type, std::int64_t width,
                   std::int64_t precision) {
    if (precision > 1000) rt_.refuse_limit("a format has too many digits");
    if (precision >= 0) {
      std::string digits;
      append_formatted(rt_, digits, value, std::string(1, type));
      const bool negative = digits[0] == '-';
      const std::size_t missing = static_cast<std::size_t>(precision) + (negative ? 1 : 0);
      if (digits.size() < missing) digits.insert(negative ? 1 : 0, missing - digits.size(), '0');
      const bool plus = !negative && spec.find('+') != std::string::npos;
      if (plus) digits.insert(0, 1, '+');
      return write_formatted(Value::string(digits, Author::kTemplate),
                             (spec[0] == '<' ? "<" : ">") + std::to_string(width));
    }
    if (width > 0) spec += std::to_string(width);
    write_formatted(value, spec + type);
  }

  std::string_view character(const Value& value) {
    if (value.is_string() && count_code_points(value.text()) == 1) return value.text();
    if (value.is_integer() && value.as_integer() >= 0 && value.as_integer() <= 0x10FFFF) {
      std::string out;
      append_code_point(out, static_cast<char32_t>(value.as_integer()));
      return rt_.arena().copy(std::string_view(out));
    }
    rt_.refuse("'%c' takes one character or a code point");
  }

  Runtime& rt_;
  Value whole_;
  std::string_view format_;  // its text
  Value arguments_;
  std::span<const Value> list_;
  std::size_t at_ = 0, next_ = 0;
  AuthoredText out_;
};

// --- str.format --------------------------------------------------------------------------------

class BraceFormat {
 public:
  BraceFormat(Runtime& rt, const Value& format, const Arguments& arguments)
      : rt_(rt), whole_(format), arguments_(arguments) {}

  Value run() { return run(whole_.text(), 1).value(rt_, whole_.is_markup()); }

 private:
  // `format`: the whole one, or what a field's specification holds.
  AuthoredText run(std::string_view format, int depth) {
    if (depth > 2) rt_.refuse("a format nests too deeply");
    AuthoredText out;
    for (std::size_t at = 0; at < format.size();) {
      const char c = format[at];
      if (c != '{' && c != '}') {
        const std::size_t end = std::min(format.find_first_of("{}", at), format.size());
        out.append(rt_, whole_, format.substr(at, end - at));
        at = end;
      } else if (at + 1 < format.size() && format[at + 1] == c && depth == 1) {
        out.append(rt_, whole_, format.substr(at, 1));
        at += 2;
      } else if (c == '}') {
        rt_.refuse("a single '}' in a format");
      } else {
        const std::size_t end = field_end(format, at);
        field(out, format.substr(at + 1, end - at - 1), depth);
        at = end + 1;
      }
    }
    return out;
  }

  std::size_t field_end(std::string_view format, std::size_t at) {
    int open = 0;
    for (; at < format.size(); ++at) {
      if (format[at] == '{') ++open;
      if (format[at] == '}' && --open == 0) return at;
    }
    rt_.refuse("a '{' in a format lacks its '}'");
  }

  void field(AuthoredText& out, std::string_view text, int depth) {
    std::size_t name_end = 0;
    for (bool in_index = false; name_end < text.size(); ++name_end) {
      const char c = text[name_end];
      if (c == '[') in_index = true;
      if (c == ']') in_index = false;
      if (!in_index && (c == '!' || c == ':')) break;
    }
    Value value = look_up(text.substr(0, name_end));
    text.remove_prefix(name_end);
    if (!text.empty() && text[0] == '!') {
      if (text.size() < 2 || (text.size() > 2 && text[2] != ':')) {
        rt_.refuse("a format's '!' is followed by r or s");
      }
      if (text[1] == 'r') {
        value = Value::string(to_repr(rt_, value), author_of(value));
      } else if (text[1] == 's') {
        if (!value.is_string()) value = Value::string(to_str(rt_, value), author_of(value));
      } else {
        rt_.refuse("a format's '!' is followed by r or s");
      }
      text.remove_prefix(2);
    }
    if (!text.empty()) text.remove_prefix(1);  // ':'
    const std::string spec = run(text, depth + 1).take_text();
    if (spec.empty()) return out.append(rt_, value);
    std::string formatted;
    append_formatted(rt_, formatted, value, spec);
    out.append(rt_, formatted, author_of(value));
  }

  static bool is_number(std::string_view text) {
    return !text.empty() && text.size() < 10 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
  }

  Value look_up(std::string_view path) {
    const std::size_t first_end = std::min(path.find_first_of(".["), path.size());
    const std::string_view first = path.substr(0, first_end);
    Value value;
    if (first.empty() || is_number(first)) {
      if (first.empty() ? manual_ : next_ > 0)
        rt_.refuse("a format either numbers all fields or none");
      manual_ |= !first.empty();
      const std::size_t i = first.empty() ? next_++ : std::stoul(std::string(first));
      if (i >= arguments_.positional.size()) rt_.refuse("a format has more fields than values");
      value = arguments_.positional[i];
    } else {
      for (const Named& argument : arguments_.named) {
        if (argument.name == first) value = argument.value;
      }
      if (value.is_missing())
        rt_.refuse("a format's field '" + std::string(first) + "' is not given");
    }
    path.remove_prefix(first_end);
    while (!path.empty()) {
      if (path[0] == '[') {
        const std::size_t end = path.find(']');
        if (end == std::string_view::npos) rt_.refuse("a '[' in a format lacks its ']'");
        const std::string_view index = path.substr(1, end - 1);
        value = get_item(rt_, value,
                         is_number(index) ? Value::integer(std::stol(std::string(index)))
                                          : rt_.text(index, Author::kOther));
        path.remove_prefix(end + 1);
      } else {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find_first_of(".["), path.size());
        value = get_attribute(rt_, value, rt_.arena().copy(path.substr(0, end)));
        path.remove_prefix(end);
      }
    }
    return value;
  }

  Runtime& rt_;
  Value whole_;
  const Arguments& arguments_;
  std::size_t next_ = 0;
  bool manual_ = false;
};

}  // namespace

Value percent_format(Runtime& rt, const Value& format, const Value& arguments) {
  return PercentFormat(rt, format, arguments).run();
}

Value brace_format(Runtime& rt, const Value& format, const Arguments& arguments) {
  return BraceFormat(rt, format, arguments).run();
}

Value replace(Runtime& rt, const Value& whole, std::string_view from, const Value& to,
              std::int64_t limit, bool markup) {
  const std::string_view text = whole.text();
  AuthoredText out;
  std::size_t at = 0;
  for (std::int64_t done = 0; limit < 0 || done < limit; ++done) {
    const std::size_t found = next_replaced(text, from, at, done);
    if (found == std::string_view::npos) break;
    out.append(rt, whole, text.substr(at, found - at));
    out.append(rt, to);
    at = found + from.size();
  }
  out.append(rt, whole, text.substr(std::min(at, text.size())));
  return out.value(rt, markup);
}

}  // namespace parley::text::jinja
