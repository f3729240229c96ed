// Regular expressions that have no hand-written matcher (word_split.hpp): ICU's engine, directly on
// UTF-8, with a bound on its steps and its stack. Thread-safe after construction.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace parley::text {

class Regex {
 public:
  // `pattern` as tokenizer.json has it: the syntax of Oniguruma, of which \s, \w and \d are taken
  // with their Unicode meaning. `where` names the field in errors.
  // Errors: kInvalidInput "WHERE: …" when ICU cannot compile it.
  Regex(std::string_view pattern, std::string_view where);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  // Visits the text from left to right, matches and what lies between them; pieces are never empty.
  // Errors: kLimit when the expression backtracks without end on this text.
  void each(std::string_view text,
            const std::function<void(std::string_view piece, bool is_match)>& visit) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace parley::text
