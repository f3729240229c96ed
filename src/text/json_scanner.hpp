// Checks JSON one byte at a time, as it arrives: no text is kept, nothing recurses.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::text {

inline bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

class JsonScanner {
 public:
  enum class State : std::uint8_t {
    kValue,       // a value must come
    kItemOrEnd,   // after [
    kKeyOrEnd,    // after {
    kKey,         // after , in an object
    kColon,       // after a key
    kAfterValue,  // , or the end of what is open
    kString,
    kEscape,
    kHex,
    kNumber,
    kLiteral,  // true, false, null
    kDone,     // one value is complete
    kBroken,
  };

  // Takes the next byte. False, for good, once the text cannot become JSON, or nests too deeply.
  // After kDone only white space is taken. A number on its own ends with what follows it.
  bool feed(char c);

  State state() const { return state_; }
  // Arrays and objects that are open.
  std::size_t depth() const { return open_.size(); }

 private:
  enum class Number : std::uint8_t {
    kMinus,
    kZero,
    kWhole,
    kPoint,
    kFraction,
    kE,
    kSign,
    kExponent
  };

  bool broken();
  bool feed_value(char c);
  bool feed_number(char c);
  void end_value();
  bool close(char c);

  static constexpr std::size_t kMaxDepth = 64;
  State state_ = State::kValue;
  Number number_ = Number::kMinus;
  bool key_ = false;  // the string that is being read is a key
  int hex_left_ = 0;
  const char* literal_ = "";  // what is left of true, false or null
  std::vector<char> open_;    // { or [
};

}  // namespace parley::text
