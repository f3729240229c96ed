#include "prompt/jinja/lexer.hpp"

#include <algorithm>

#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_start(char32_t c) {
  if (c < 0x80) return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  std::string text;
  append_code_point(text, c);
  return all_of_class(text, CharacterClass::kAlpha);
}

bool is_name_part(char32_t c) {
  if (c < 0x80) return is_name_start(c) || (c >= '0' && c <= '9');
  std::string text;
  append_code_point(text, c);
  return all_of_class(text, CharacterClass::kAlnum);
}

class Lexer {
 public:
  Lexer(std::string_view source, Arena& arena, Location& location)
      : source_(source), arena_(arena), location_(location) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text_up_to_tag();
    tokens_.push_back({TokenType::kEnd, "end of the template", location_.line});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const {
    location_.refuse(ErrorKind::kInvalidInput, message, "this is no valid Jinja template");
  }

  bool looking_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  // Moves on, counting lines; remembers whether a line starts here.
  void advance(std::size_t to) {
    const std::string_view passed = source_.substr(at_, to - at_);
    location_.line += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
    at_ = to;
  }

  std::size_t skip_space(std::size_t from) const {
    const std::string_view rest = source_.substr(from);
    return from + (rest.size() - strip(rest, Side::kLeft).size());
  }

  void add(TokenType type, std::string_view text) {
    tokens_.push_back({type, text, location_.line});
  }

  void add_text(std::string_view text) {
    if (!text.empty()) add(TokenType::kText, text);
  }

  // Text before a tag, less the white space that the tag drops.
  std::string_view trimmed(std::string_view text, char sign, bool may_strip_line) const {
    if (sign == '-') return strip(text, Side::kRight);
    if (sign == '+' || !may_strip_line) return text;
    const std::size_t line = text.rfind('\n') + 1;  // 0 where there is none
    if (line == 0 && !line_starting_) return text;
    return strip(text.substr(line), Side::kLeft).empty() ? text.substr(0, line) : text;
  }

  char sign_at(std::size_t at) const {
    const bool sign = at < source_.size() && (source_[at] == '-' || source_[at] == '+');
    return sign ? source_[at] : '\0';
  }

  void text_up_to_tag() {
    std::size_t tag = at_;
    while (true) {
      tag = source_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 >= source_.size()) {
        add_text(source_.substr(at_));
        advance(source_.size());
        return;
      }
      if (const char c = source_[tag + 1]; c == '{' || c == '%' || c == '#') break;
      ++tag;
    }
    const char what = source_[tag + 1];
    const char sign = sign_at(tag + 2);
    add_text(trimmed(source_.substr(at_, tag - at_), sign, what != '{'));
    advance(tag);
    const std::size_t inside = tag + 2 + (sign != 0 ? 1 : 0);
    if (what == '#') return comment(inside);
    if (what == '%') {
      if (const std::size_t body = raw_begin(inside)) return raw(body);
    }
    add(what == '{' ? TokenType::kOutputBegin : TokenType::kBlockBegin, what == '{' ? "{{" : "{%");
    advance(inside);
    code(what == '{');
  }

  // Where a tag that closes with `close` at `at` ends, white space control included.
  // `drop_newline`: trim_blocks.
  std::size_t after_close(std::size_t close, char sign, bool drop_newline) const {
    const std::size_t end = close + 2;
    if (sign == '-') return skip_space(end);
    const bool newline = end < source_.size() && source_[end] == '\n';
    return sign != '+' && drop_newline && newline ? end + 1 : end;
  }

  void move_past_tag(std::size_t end) {
    line_starting_ = end > 0 && source_[end - 1] == '\n';
    advance(end);
  }

  void comment(std::size_t inside) {
    const std::size_t close = source_.find("#}", inside);
    if (close == std::string_view::npos) refuse("a comment is not closed by '#}'");
    const char sign = close > inside ? sign_at(close - 1) : '\0';
    move_past_tag(after_close(close, sign, true));
  }

  // The offset behind {% raw %}, or 0 where this block is another.
  std::size_t raw_begin(std::size_t inside) const {
    std::size_t at = skip_space(inside);
    if (!source_.substr(at).starts_with("raw")) return 0;
    at = skip_space(at + 3);
    if (source_.substr(at).starts_with("-%}")) return skip_space(at + 3);
    return source_.substr(at).starts_with("%}") ? at + 2 : 0;
  }

  void raw(std::size_t body) {
    move_past_tag(body);
    for (std::size_t tag = source_.find("{%", at_); tag != std::string_view::npos;
         tag = source_.find("{%", tag + 1)) {
      const char sign = sign_at(tag + 2);
      std::size_t close = skip_space(tag + 2 + (sign != 0 ? 1 : 0));
      if (!source_.substr(close).starts_with("endraw")) continue;
      close = skip_space(close + 6);
      const char close_sign = sign_at(close);
      if (close_sign != 0) ++close;
      if (!source_.substr(close).starts_with("%}")) continue;
      add_text(trimmed(source_.substr(at_, tag - at_), sign, true));
      return move_past_tag(after_close(close, close_sign, true));
    }
    refuse("{% raw %} is not closed by {% endraw %}");
  }

  // The tokens of one tag, from behind its opening to behind its close.
  void code(bool output) {
    const std::string_view close = output ? "}}" : "%}";
    const int opened = location_.line;
    std::string brackets;
    while (at_ < source_.size()) {
      if (brackets.empty()) {
        const char sign = sign_at(at_);
        const bool signed_close =
            sign != 0 && (sign == '-' || !output) && source_.substr(at_ + 1).starts_with(close);
        if (signed_close || looking_at(close)) {
          add(output ? TokenType::kOutputEnd : TokenType::kBlockEnd, close);
          const std::size_t at = signed_close ? at_ + 1 : at_;
          return move_past_tag(after_close(at, signed_close ? sign : '\0', !output));
        }
      }
      if (const std::size_t end = skip_space(at_); end > at_) {
        advance(end);
        continue;
      }
      const char c = source_[at_];
      if (is_decimal(c)) {
        number();
      } else if (c == '"' || c == '\'') {
        string(c);
      } else if (is_name_start(decode_code_point(source_, at_).value)) {
        name();
      } else {
        operator_token(brackets);
      }
    }
    location_.line = opened;
    refuse("a tag is not closed by '" + std::string(close) + "'");
  }

  void name() {
    std::size_t end = at_;
    while (end < source_.size()) {
      const CodePoint c = decode_code_point(source_, end);
      if (!is_name_part(c.value)) break;
      end += c.length;
    }
    add(TokenType::kName, source_.substr(at_, end - at_));
    at_ = end;
  }

  // Digits with single underscores between them.
  std::size_t digits(std::size_t at) const {
    while (at < source_.size() && (is_decimal(source_[at]) ||
                                   (source_[at] == '_' && at + 1 < source_.size() &&
                                    is_decimal(source_[at - 1]) && is_decimal(source_[at + 1])))) {
      ++at;
    }
    return at;
  }

  void number() {
    std::size_t end = digits(at_);
    bool real = false;
    const auto at = [&](std::size_t i) { return i < source_.size() ? source_[i] : '\0'; };
    const bool after_point = at_ > 0 && source_[at_ - 1] == '.';  // x.0.1: two indices
    if (!after_point && at(end) == '.' && is_decimal(at(end + 1))) {
      end = digits(end + 1);
      real = true;
    }
    if (!after_point && (at(end) == 'e' || at(end) == 'E')) {
      const std::size_t sign = at(end + 1) == '+' || at(end + 1) == '-' ? 1 : 0;
      if (is_decimal(at(end + 1 + sign))) {
        end = digits(end + 1 + sign);
        real = true;
      }
    }
    const char prefix = at(at_ + 1);
    if (!real && source_[at_] == '0' &&
        std::string_view("xXoObB").find(prefix) != std::string_view::npos) {
      end = at_ + 2;
      while (std::isxdigit(static_cast<unsigned char>(at(end))) != 0 || at(end) == '_') ++end;
    }
    add(real ? TokenType::kFloat : TokenType::kInteger, source_.substr(at_, end - at_));
    at_ = end;
  }

  void string(char quote) {
    const int opened = location_.line;
    std::size_t end = at_ + 1;
    bool escapes = false;
    while (end < source_.size() && source_[end] != quote) {
      if (source_[end] == '\\') {
        escapes = true;
        ++end;
      }
      ++end;
    }
    if (end >= source_.size()) refuse("a text is not closed by " + std::string(1, quote));
    const std::string_view body = source_.substr(at_ + 1, end - at_ - 1);
    add(TokenType::kString, escapes ? arena_.copy(std::string_view(unescape(body))) : body);
    tokens_.back().line = opened;
    advance(end + 1);
  }

  // Python's escapes. One that is unknown stays as it is.
  std::string unescape(std::string_view body) const {
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '\\') {
        out += body[i];
        continue;
      }
      const char c = body[++i];  // never past the end: the closing quote was not escaped
      switch (c) {
        case '\n':
          break;
        case '\\':
        case '\'':
        case '"':
          out += c;
          break;
        case 'a':
          out += '\a';
          break;
        case 'b':
          out += '\b';
          break;
        case 'f':
          out += '\f';
          break;
        case 'n':
          out += '\n';
          break;
        case 'r':
          out += '\r';
          break;
        case 't':
          out += '\t';
          break;
        case 'v':
          out += '\v';
          break;
        case 'x':
          i = unescape_code(body, i, 2, out);
          break;
        case 'u':
          i = unescape_code(body, i, 4, out);
          break;
        case 'U':
          i = unescape_code(body, i, 8, out);
          break;
        default:
          if (c >= '0' && c <= '7') {
            char32_t value = 0;
            std::size_t end = i;
            while (end < body.size() && end < i + 3 && body[end] >= '0' && body[end] <= '7') {
              value = value * 8 + static_cast<char32_t>(body[end++] - '0');
            }
            append_code_point(out, value);
            i = end - 1;
          } else {
            out += '\\';
            out += c;
          }
      }
    }
    return out;
  }

  std::size_t unescape_code(std::string_view body, std::size_t at, std::size_t size,
                            std::string& out) const {
    const auto read = [&](std::size_t from) -> std::int64_t {
      std::int64_t value = 0;
      if (from + size > body.size()) return -1;
      for (std::size_t i = from; i < from + size; ++i) {
        const char c = body[i];
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return -1;
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
      }
      return value;
    };
    std::int64_t value = read(at + 1);
    if (value < 0 || value > 0x10FFFF) refuse("a text has a broken \\" + std::string(1, body[at]));
    at += size;
    const bool high = value >= 0xD800 && value < 0xDC00;
    if (high && body.substr(at + 1).starts_with("\\u")) {  // a surrogate pair
      const std::int64_t low = read(at + 3);
      if (low >= 0xDC00 && low < 0xE000) {
        value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        at += 2 + size;
      }
    }
    append_code_point(out, static_cast<char32_t>(value));
    return at;
  }

  void operator_token(std::string& brackets) {
    for (const std::string_view two : {"//", "**", "==", "!=", ">=", "<="}) {
      if (!looking_at(two)) continue;
      add(TokenType::kOperator, two);
      at_ += 2;
      return;
    }
    const char c = source_[at_];
    if (c == '(' || c == '[' || c == '{') {
      brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets.empty() || brackets.back() != c) {
        refuse("'" + std::string(1, c) + "' closes no bracket");
      }
      brackets.pop_back();
    } else if (std::string_view("+-/*%~<>=.:|,").find(c) == std::string_view::npos) {
      refuse("unexpected character '" +
             std::string(source_.substr(at_, decode_code_point(source_, at_).length)) + "'");
    }
    add(TokenType::kOperator, source_.substr(at_, 1));
    ++at_;
  }

  std::string_view source_;
  Arena& arena_;
  Location& location_;
  std::size_t at_ = 0;
  bool line_starting_ = true;  // what was read last ended a line
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, Arena& arena, Location& location) {
  return Lexer(source, arena, location).run();
}

std::string normalize_source(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out += source[i];
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace parley::text::jinja
