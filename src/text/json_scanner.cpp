#include "text/json_scanner.hpp"

#include <cctype>

namespace parley::text {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool JsonScanner::broken() {
  state_ = State::kBroken;
  return false;
}

void JsonScanner::end_value() {
  state_ = open_.empty() ? State::kDone : State::kAfterValue;
}

bool JsonScanner::close(char c) {
  if (open_.empty() || open_.back() != (c == '}' ? '{' : '[')) return broken();
  open_.pop_back();
  end_value();
  return true;
}

bool JsonScanner::feed(char c) {
  switch (state_) {
    case State::kBroken:
      return false;
    case State::kString:
      if (static_cast<unsigned char>(c) < 0x20) return broken();
      if (c == '\\') {
        state_ = State::kEscape;
      } else if (c == '"') {
        if (key_) {
          state_ = State::kColon;
        } else {
          end_value();
        }
      }
      return true;
    case State::kEscape:
      if (c == 'u') {
        hex_left_ = 4;
        state_ = State::kHex;
        return true;
      }
      state_ = State::kString;
      switch (c) {
        case '"':
        case '\\':
        case '/':
        case 'b':
        case 'f':
        case 'n':
        case 'r':
        case 't':
          return true;
        default:
          return broken();
      }
    case State::kHex:
      if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return broken();
      if (--hex_left_ == 0) state_ = State::kString;
      return true;
    case State::kLiteral:
      if (c != *literal_) return broken();
      if (*++literal_ == 0) end_value();
      return true;
    case State::kNumber:
      return feed_number(c);
    default:
      break;
  }
  if (is_json_space(c)) return true;
  switch (state_) {
    case State::kValue:
      return feed_value(c);
    case State::kItemOrEnd:
      return c == ']' ? close(c) : feed_value(c);
    case State::kKeyOrEnd:
      if (c == '}') return close(c);
      [[fallthrough]];
    case State::kKey:
      if (c != '"') return broken();
      key_ = true;
      state_ = State::kString;
      return true;
    case State::kColon:
      if (c != ':') return broken();
      state_ = State::kValue;
      return true;
    case State::kAfterValue:
      if (c == '}' || c == ']') return close(c);
      if (c != ',') return broken();
      state_ = open_.back() == '{' ? State::kKey : State::kValue;
      return true;
    default:
      return broken();  // something after the whole value
  }
}

bool JsonScanner::feed_value(char c) {
  switch (c) {
    case '{':
    case '[':
      if (open_.size() == kMaxDepth) return broken();
      open_.push_back(c);
      state_ = c == '{' ? State::kKeyOrEnd : State::kItemOrEnd;
      return true;
    case '"':
      key_ = false;
      state_ = State::kString;
      return true;
    case 't':
      literal_ = "rue";
      break;
    case 'f':
      literal_ = "alse";
      break;
    case 'n':
      literal_ = "ull";
      break;
    default:
      if (c != '-' && !is_digit(c)) return broken();
      number_ = c == '-' ? Number::kMinus : c == '0' ? Number::kZero : Number::kWhole;
      state_ = State::kNumber;
      return true;
  }
  state_ = State::kLiteral;
  return true;
}

bool JsonScanner::feed_number(char c) {
  const bool digit = is_digit(c);
  const bool e = c == 'e' || c == 'E';
  bool may_end = false;
  switch (number_) {
    case Number::kMinus:
      if (!digit) return broken();
      number_ = c == '0' ? Number::kZero : Number::kWhole;
      return true;
    case Number::kZero:
    case Number::kWhole:
      if (digit && number_ == Number::kZero) return broken();
      if (digit) return true;
      if (c == '.') {
        number_ = Number::kPoint;
        return true;
      }
      may_end = true;
      break;
    case Number::kPoint:
      if (!digit) return broken();
      number_ = Number::kFraction;
      return true;
    case Number::kFraction:
      if (digit) return true;
      may_end = true;
      break;
    case Number::kE:
      if (c == '+' || c == '-') {
        number_ = Number::kSign;
        return true;
      }
      [[fallthrough]];
    case Number::kSign:
      if (!digit) return broken();
      number_ = Number::kExponent;
      return true;
    case Number::kExponent:
      if (digit) return true;
      break;
  }
  if (may_end && e) {
    number_ = Number::kE;
    return true;
  }
  end_value();
  return feed(c);  // what follows the number; never deeper than this
}

}  // namespace parley::text
