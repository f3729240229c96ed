#include "prompt/python_calls.hpp"

#include <cctype>

#include "prompt/tool_payload.hpp"
#include "text/utf8.hpp"

namespace parley::text {
namespace {

constexpr int kMaxDepth = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<PythonCall> call() {
    PythonCall out;
    out.name = name();
    if (!is_tool_name(out.name) || !take('(')) return std::nullopt;
    Json arguments = Json::object();
    bool first = true;
    while (!take(')')) {
      if (!first && !take(',')) return std::nullopt;
      if (!first && take(')')) break;
      first = false;
      const std::string key = name();
      Json value;
      if (key.empty() || arguments.contains(key) || !take('=') || !literal(value, 0)) {
        return std::nullopt;
      }
      arguments[key] = std::move(value);
    }
    if (!at_end()) return std::nullopt;
    out.arguments = to_text(arguments);
    return out;
  }

  std::optional<Json> literal() {
    Json out;
    if (!literal(out, 0) || !at_end()) return std::nullopt;
    return out;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  // A name, or names with points between; empty where there is none.
  std::string name() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                  text_[at_] == '_' || text_[at_] == '.')) {
      ++at_;
    }
    const bool digit = at_ > begin && std::isdigit(static_cast<unsigned char>(text_[begin])) != 0;
    return digit ? std::string() : std::string(text_.substr(begin, at_ - begin));
  }

  bool literal(Json& out, int depth) {
    if (depth > kMaxDepth) return false;
    const char c = peek();
    if (c == '"' || c == '\'') return string(out);
    if (c == '[') return list(out, ']', depth);
    if (c == '(') return list(out, ')', depth);
    if (c == '{') return dict(out, depth);
    if (c == '-' || std::isdigit(static_cast<unsigned char>(c)) != 0) return number(out);
    const std::string word = name();
    if (word == "True" || word == "true") {
      out = true;
    } else if (word == "False" || word == "false") {
      out = false;
    } else if (word == "None" || word == "null") {
      out = nullptr;
    } else {
      return false;
    }
    return true;
  }

  bool number(Json& out) {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 ||
            std::string_view("+-.eE").find(text_[at_]) != std::string_view::npos)) {
      ++at_;
    }
    std::string digits(text_.substr(begin, at_ - begin));
    if (digits.ends_with('.')) digits += '0';  // "1." of Python
    out = try_parse_json(digits).value_or(nullptr);
    return out.is_number();
  }

  bool list(Json& out, char close, int depth) {
    out = Json::array();
    ++at_;
    while (!take(close)) {
      if (!out.empty() && !take(',')) return false;
      if (!out.empty() && take(close)) break;
      Json item;
      if (!literal(item, depth + 1)) return false;
      out.push_back(std::move(item));
    }
    return true;
  }

  bool dict(Json& out, int depth) {
    out = Json::object();
    ++at_;
    while (!take('}')) {
      if (!out.empty() && !take(',')) return false;
      if (!out.empty() && take('}')) break;
      Json key, value;
      const char c = peek();
      if ((c != '"' && c != '\'') || !string(key) || !take(':') || !literal(value, depth + 1)) {
        return false;
      }
      out[key.get<std::string>()] = std::move(value);
    }
    return true;
  }

  bool hex(std::size_t digits, char32_t& out) {
    out = 0;
    if (at_ + digits > text_.size()) return false;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = text_[at_++];
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return false;
      out = out * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
  }

  bool string(Json& out) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const bool long_form = text_.substr(at_).starts_with(triple);
    const std::string_view close = long_form ? std::string_view(triple) : text_.substr(at_, 1);
    at_ += close.size();
    std::string value;
    while (at_ < text_.size() && !text_.substr(at_).starts_with(close)) {
      if (text_[at_] != '\\') {
        value += text_[at_++];
        continue;
      }
      if (++at_ >= text_.size()) return false;
      const char c = text_[at_++];
      char32_t code = 0;
      switch (c) {
        case 'n':
          value += '\n';
          break;
        case 't':
          value += '\t';
          break;
        case 'r':
          value += '\r';
          break;
        case 'b':
          value += '\b';
          break;
        case 'f':
          value += '\f';
          break;
        case '\n':
          break;
        case '\\':
        case '\'':
        case '"':
          value += c;
          break;
        case 'x':
        case 'u':
        case 'U':
          if (!hex(c == 'x' ? 2 : c == 'u' ? 4 : 8, code)) return false;
          append_code_point(value, code);
          break;
        default:
          value += '\\';
          value += c;
      }
    }
    if (at_ >= text_.size()) return false;
    at_ += close.size();
    out = std::move(value);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<PythonCall> parse_python_call(std::string_view text) {
  return Parser(text).call();
}

std::optional<Json> parse_python_literal(std::string_view text) {
  return Parser(text).literal();
}

}  // namespace parley::text
