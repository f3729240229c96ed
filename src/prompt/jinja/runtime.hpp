// What every part of a running template shares: where it is, its memory, its limits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/jinja/arena.hpp"
#include "prompt/jinja/limits.hpp"
#include "prompt/jinja/values/value.hpp"

namespace parley::text::jinja {

class Runtime {
 public:
  Runtime(std::string_view template_name, const Limits& limits, std::int64_t now_ms)
      : at{std::string(template_name), 1},
        limits_(limits),
        arena_(limits.max_memory_bytes, at),
        steps_left_(limits.max_steps),
        now_ms_(now_ms) {}
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  Location at;  // what is being evaluated

  const Limits& limits() const { return limits_; }
  Arena& arena() { return arena_; }
  std::int64_t now_ms() const { return now_ms_; }  // since 1970-01-01 UTC

  void charge(std::uint64_t steps) {
    if (steps > steps_left_) out_of_steps();
    steps_left_ -= steps;
  }
  void charge_bytes(std::size_t bytes) { charge(bytes / 64); }

  // A mistake of the template, or of what it was given. kInvalidInput.
  [[noreturn]] void refuse(std::string_view message, std::string hint = {}) const {
    at.refuse(ErrorKind::kInvalidInput, message, std::move(hint));
  }
  [[noreturn]] void refuse_limit(std::string_view message) const {
    at.refuse(ErrorKind::kLimit, message, "the template may be broken or hostile");
  }

  // A copy of `text` as a value.
  Value text(std::string_view text, Author author, bool markup = false) {
    charge_bytes(text.size());
    return Value::string(arena_.copy(text), author, markup);
  }
  // The same, with an Author for each byte.
  Value several(std::string_view text, std::string_view authors, bool markup = false);
  Value list(const std::vector<Value>& items) { return Value::list(arena_.copy(items)); }
  Value tuple(const std::vector<Value>& items) { return Value::tuple(arena_.copy(items)); }
  Value iterator(const std::vector<Value>& items) {
    return Value::iterator(arena_.make(Iterator{arena_.copy(items)}));
  }
  // A key given twice keeps its first place and takes its last value, as in Python.
  // REQUIRES: hashable keys (operators.hpp).
  Value dict(const std::vector<DictEntry>& entries);
  // The same, where no key comes twice.
  Value unique_dict(const std::vector<DictEntry>& entries);
  Value undefined(UndefinedInfo::Kind kind, std::string_view name, Value subject = {}) {
    return Value::undefined(arena_.make(UndefinedInfo{kind, name, subject}));
  }

  // Bounds recursion: one for each nested evaluation.
  class Nesting {
   public:
    explicit Nesting(Runtime& runtime) : runtime_(runtime) {
      if (++runtime_.depth_ > runtime_.limits_.max_depth) runtime_.too_deep();
    }
    ~Nesting() { --runtime_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Runtime& runtime_;
  };

 private:
  [[noreturn]] void out_of_steps() const;
  [[noreturn]] void too_deep() const;

  Limits limits_;
  Arena arena_;
  std::uint64_t steps_left_;
  std::int64_t now_ms_;
  int depth_ = 0;
};

}  // namespace parley::text::jinja
