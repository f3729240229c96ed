// The values of a template: Python's None, bool, int (64 bits), float, str, list, tuple, dict,
// range, and the objects that Jinja adds. A value is 16 bytes and owns nothing: what it points to
// lives in an Arena or in the caller's JSON, and never changes, but for a namespace, a cycler, a
// joiner and an iterator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "prompt/jinja/values/author.hpp"

namespace parley::text::jinja {

enum class Type : std::uint8_t {
  kMissing,  // an argument that was not given; never seen by a template
  kUndefined,
  kNone,
  kBool,
  kInt,
  kFloat,
  kString,
  kList,
  kTuple,
  kDict,
  kDictView,  // what dict.keys(), .values() and .items() return
  kRange,
  kIterator,  // what filters like map return: passes once
  kNamespace,
  kFunction,
  kMethod,  // a function bound to a value
  kMacro,
  kLoop,
  kCycler,
  kJoiner,
};

struct Dict;
struct DictView;
struct Range;
struct Iterator;
struct Namespace;
struct FunctionSpec;
struct Method;
struct Macro;
struct Loop;
struct Cycler;
struct Joiner;
struct UndefinedInfo;

class Value {
 public:
  constexpr Value() = default;  // kMissing
  static constexpr Value none() { return Value(Type::kNone); }
  static constexpr Value boolean(bool value) {
    Value out(Type::kBool);
    out.int_ = value;
    return out;
  }
  static constexpr Value integer(std::int64_t value) {
    Value out(Type::kInt);
    out.int_ = value;
    return out;
  }
  static constexpr Value real(double value) {
    Value out(Type::kFloat);
    out.real_ = value;
    return out;
  }
  // The text must be UTF-8, shorter than 4 GiB, and outlive the value. `markup`: made by `escape`
  // or `safe`, so not escaped again. Of several authors: as many bytes that name them lie behind.
  static constexpr Value string(std::string_view text, Author author, bool markup = false) {
    Value out(Type::kString);
    out.chars_ = text.data();
    out.size_ = static_cast<std::uint32_t>(text.size());
    out.flag_ = markup;
    out.author_ = author;
    return out;
  }
  static constexpr Value list(std::span<const Value> items) {
    return sequence(Type::kList, items, false);
  }
  // `group`: an item of groupby, which has the attributes `grouper` and `list`.
  static constexpr Value tuple(std::span<const Value> items, bool group = false) {
    return sequence(Type::kTuple, items, group);
  }
  static Value dict(const Dict* it) { return object(Type::kDict, it); }
  static Value dict_view(const DictView* it) { return object(Type::kDictView, it); }
  static Value range(const Range* it) { return object(Type::kRange, it); }
  static Value iterator(Iterator* it) { return object(Type::kIterator, it); }
  static Value name_space(Namespace* it) { return object(Type::kNamespace, it); }
  static Value function(const FunctionSpec* it) { return object(Type::kFunction, it); }
  static Value method(const Method* it) { return object(Type::kMethod, it); }
  static Value macro(const Macro* it) { return object(Type::kMacro, it); }
  static Value loop(Loop* it) { return object(Type::kLoop, it); }
  static Value cycler(Cycler* it) { return object(Type::kCycler, it); }
  static Value joiner(Joiner* it) { return object(Type::kJoiner, it); }
  static Value undefined(const UndefinedInfo* it) { return object(Type::kUndefined, it); }

  Type type() const { return type_; }
  bool is(Type type) const { return type_ == type; }
  bool is_missing() const { return type_ == Type::kMissing; }
  bool is_undefined() const { return type_ == Type::kUndefined; }
  bool is_none() const { return type_ == Type::kNone; }
  bool is_string() const { return type_ == Type::kString; }
  bool is_sequence() const { return type_ == Type::kList || type_ == Type::kTuple; }
  bool is_integer() const { return type_ == Type::kInt || type_ == Type::kBool; }  // as in Python
  bool is_number() const { return is_integer() || type_ == Type::kFloat; }

  // REQUIRES, each: the type that the name says.
  std::int64_t as_integer() const { return int_; }  // kInt or kBool
  double as_real() const { return type_ == Type::kFloat ? real_ : static_cast<double>(int_); }
  std::string_view text() const { return {chars_, size_}; }
  bool is_markup() const { return flag_; }
  Author author() const { return author_; }  // kString
  // kString of several authors: an Author for each byte.
  std::string_view authors() const { return {chars_ + size_, size_}; }
  std::span<const Value> items() const { return {items_, size_}; }  // kList or kTuple
  bool is_group() const { return flag_; }
  template <typename T>
  T* as() const {
    return static_cast<T*>(object_);
  }
  const Dict& as_dict() const { return *as<const Dict>(); }

  // The same object, as Python's `is`: equal small values are one object.
  bool same(const Value& other) const;

 private:
  constexpr explicit Value(Type type) : type_(type), int_(0) {}
  static constexpr Value sequence(Type type, std::span<const Value> items, bool flag) {
    Value out(type);
    out.items_ = items.data();
    out.size_ = static_cast<std::uint32_t>(items.size());
    out.flag_ = flag;
    return out;
  }
  static Value object(Type type, const void* it) {
    Value out(type);
    out.object_ = const_cast<void*>(it);
    return out;
  }

  Type type_ = Type::kMissing;
  bool flag_ = false;
  Author author_ = Author::kTemplate;
  std::uint32_t size_ = 0;
  union {
    std::int64_t int_ = 0;
    double real_;
    const char* chars_;
    const Value* items_;
    void* object_;
  };
};

struct DictEntry {
  Value key, value;
};

// In the order of insertion. Made by DictBuilder.
struct Dict {
  std::span<const DictEntry> entries;
  const std::uint32_t* by_text = nullptr;  // entries sorted by key, where many and all strings
  const Value* find(std::string_view key) const;
};

struct DictView {
  enum class Kind : std::uint8_t { kKeys, kValues, kItems } kind;
  const Dict* dict;
};

struct Range {
  std::int64_t start, stop, step, size;
};

struct Iterator {
  std::span<const Value> items = {};
  std::size_t next = 0;
  std::string_view refusal = {};  // why it has no items: said when they are asked for
};

struct Method {
  Value self;
  const FunctionSpec* function;
};

struct Cycler {
  std::span<const Value> items;
  std::size_t next = 0;
};

struct Joiner {
  Value separator;
  bool used = false;
};

// Why a value is undefined; the message is made only when it is needed.
struct UndefinedInfo {
  enum class Kind : std::uint8_t { kVariable, kAttribute, kUnsafe, kParameter, kEmpty } kind;
  std::string_view name;  // of the variable, attribute, parameter or filter
  Value subject;          // what has no such attribute
};

// Python's name of the type: "str", "dict", …
std::string_view type_name(const Value& value);

}  // namespace parley::text::jinja
