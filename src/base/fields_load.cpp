#include <fmt/format.h>

#include <regex>

#include "base/fields.hpp"
#include "base/suggest.hpp"

namespace parley {
namespace {

class Loader : public Fields {
 public:
  Loader(const yaml::Value& map, std::string_view where, std::string path)
      : map_(map), where_(where), path_(std::move(path)) {}

  void text(const char* key, const char* what, const Text& rule,
            std::function<void(std::string)> set) override {
    if (const yaml::Value* value = find(key, rule.required, what)) {
      check_text(*value, dotted(key), rule);
      set(value->text);
    }
  }

  void number(const char* key, const char* what, const Number& rule,
              std::function<void(double)> set) override {
    const yaml::Value* value = find(key, rule.required, what);
    if (!value) return;
    const auto number = value->as_number();
    if (!number) wrong(*value, key, "a number", quoted_number_hint(*value));
    if (*number < rule.min || *number > rule.max || (rule.above_min && *number == rule.min)) {
      wrong(*value, key, range(rule));
    }
    set(*number);
  }

  void integer(const char* key, const char* what, long long min, long long max,
               std::function<void(long long)> set) override {
    const yaml::Value* value = find(key, false, what);
    if (!value) return;
    const auto integer = value->as_integer();
    if (!integer) wrong(*value, key, "a whole number", quoted_number_hint(*value));
    if (*integer < min || *integer > max) {
      wrong(*value, key, fmt::format("a whole number from {} to {}", min, max));
    }
    set(*integer);
  }

  void flag(const char* key, const char* what, std::function<void(bool)> set) override {
    const yaml::Value* value = find(key, false, what);
    if (!value) return;
    const auto flag = value->as_bool();
    if (!flag) {
      const bool yes = value->text == "yes" || value->text == "on" || value->text == "y";
      const bool no = value->text == "no" || value->text == "off" || value->text == "n";
      wrong(*value, key, "true or false", yes ? "write true" : no ? "write false" : "");
    }
    set(*flag);
  }

  void map(const char* key, const char* what, const Describe& describe) override {
    if (const yaml::Value* value = find(key, false, what))
      load_fields(*value, where_, dotted(key), describe);
  }

  void list(const char* key, const char* what, std::size_t max_items,
            const Describe& describe_item) override {
    const yaml::Value* value = find(key, false, what);
    if (!value) return;
    check_list(*value, dotted(key), max_items);
    for (std::size_t i = 0; i < value->items.size(); ++i) {
      load_fields(value->items[i], where_, fmt::format("{}[{}]", dotted(key), i), describe_item);
    }
  }

  void texts(const char* key, const char* what, std::size_t max_items, bool or_one,
             const Text& rule, std::function<void(std::vector<std::string>)> set) override {
    const yaml::Value* value = find(key, rule.required, what);
    if (!value) return;
    std::vector<std::string> texts;
    if (or_one && value->is_scalar()) {
      check_text(*value, dotted(key), rule);
      texts.push_back(value->text);
    } else {
      check_list(*value, dotted(key), max_items,
                 or_one ? "a text or a list of texts" : "a list of texts");
      for (std::size_t i = 0; i < value->items.size(); ++i) {
        check_text(value->items[i], fmt::format("{}[{}]", dotted(key), i), rule);
        texts.push_back(value->items[i].text);
      }
    }
    set(std::move(texts));
  }

  void labels(const char* key, const char* what, std::function<void(Labels)> set) override {
    const yaml::Value* value = find(key, false, what);
    if (!value) return;
    if (!value->is_map()) wrong(*value, key, "a map");
    Labels labels;
    for (const yaml::Entry& entry : value->entries) {
      std::vector<std::string> texts;
      if (entry.value.is_list()) {
        for (const yaml::Value& item : entry.value.items) {
          if (!item.is_scalar()) wrong(item, key, "a list of texts");
          texts.push_back(item.text);
        }
      } else if (entry.value.is_scalar()) {
        texts.push_back(entry.value.text);
      } else {
        wrong(entry.value, key, "a text or a list of texts");
      }
      labels.emplace_back(entry.key, std::move(texts));
    }
    set(std::move(labels));
  }

  int line_of(const char* key) const override {
    const yaml::Value* value = map_.find(key);
    return value ? value->line : map_.line;
  }

  void exactly_one_of(const std::vector<std::string>& keys) override {
    std::string names, found;
    int count = 0;
    for (const std::string& key : keys) {
      names += (names.empty() ? "'" : " or '") + key + "'";
      if (map_.find(key)) ++count, found += (found.empty() ? "'" : " and '") + key + "'";
    }
    if (count == 1) return;
    at(map_.line, path_,
       fmt::format("expected either {}, found {}", names, count == 0 ? "neither" : found),
       count == 0 ? "add one of them" : "keep one of them");
  }

  void needs(const char* key, const char* needed) override {
    if (!map_.find(key) || map_.find(needed)) return;
    at(map_.find(key)->line, path_, fmt::format("'{}' needs '{}' beside it", key, needed),
       fmt::format("add '{}: …'", needed));
  }

  void reject_unknown_keys() const {
    for (const yaml::Entry& entry : map_.entries) {
      if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
      std::string all;
      for (const std::string& key : known_) all += (all.empty() ? "" : ", ") + key;
      at(entry.line, dotted(entry.key), "unknown key" + did_you_mean(entry.key, known_),
         "known here: " + all);
    }
  }

 private:
  const yaml::Value* find(const char* key, bool required, const char* what) {
    known_.emplace_back(key);
    const yaml::Value* value = map_.find(key);
    if (!value && required) {
      // A misspelt key explains a missing one better than "missing" does.
      for (const yaml::Entry& entry : map_.entries) {
        if (entry.key != key && nearest(entry.key, {key}) == key) {
          at(entry.line, dotted(entry.key), std::string("unknown key; did you mean '") + key + "'?",
             fmt::format("'{}' is required here ({})", key, what));
        }
      }
      at(map_.line, dotted(key), fmt::format("missing, expected {}", what),
         fmt::format("add '{}: …'", key));
    }
    if (value && value->is_null()) {
      at(value->line, dotted(key), fmt::format("has no value, expected {}", what),
         "give it a value, or remove the line");
    }
    return value;
  }

  void check_text(const yaml::Value& value, const std::string& path, const Text& rule) const {
    if (!value.is_string()) {
      at(value.line, path, "expected text, found " + yaml::describe(value),
         value.is_scalar() ? "put it in quotes: '" + value.text + "'" : "");
    }
    if (value.text.empty() && !rule.may_be_empty)
      at(value.line, path, "expected text, found an empty one");
    if (value.text.size() > rule.max_bytes) {
      at(value.line, path,
         fmt::format("text of {} bytes, expected at most {}", value.text.size(), rule.max_bytes));
    }
    if (!rule.choices.empty() &&
        std::find(rule.choices.begin(), rule.choices.end(), value.text) == rule.choices.end()) {
      std::string all;
      for (const std::string& choice : rule.choices) all += (all.empty() ? "" : ", ") + choice;
      at(value.line, path,
         fmt::format("expected one of {}; found {}{}", all, yaml::describe(value),
                     did_you_mean(value.text, rule.choices)));
    }
    if (!rule.pattern.empty() &&
        (value.text.size() > 500 || !std::regex_match(value.text, std::regex(rule.pattern)))) {
      at(value.line, path,
         fmt::format("expected {}, found {}", rule.expected, yaml::describe(value)));
    }
  }

  void check_list(const yaml::Value& value, const std::string& path, std::size_t max_items,
                  const char* expected = "a list") const {
    if (!value.is_list()) {
      at(value.line, path, fmt::format("expected {}, found {}", expected, yaml::describe(value)),
         "start each item with '- '");
    }
    if (value.items.size() > max_items) {
      at(value.line, path,
         fmt::format("{} items, expected at most {}", value.items.size(), max_items));
    }
  }

  static std::string range(const Number& rule) {
    if (rule.max >= 1e300)
      return fmt::format("a number {} {}", rule.above_min ? "above" : "of at least", rule.min);
    return fmt::format("a number {} {} {} {}", rule.above_min ? "above" : "from", rule.min,
                       rule.above_min ? "and at most" : "to", rule.max);
  }

  static std::string quoted_number_hint(const yaml::Value& value) {
    return value.quoted ? "remove the quotes" : "";
  }

  std::string dotted(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

  [[noreturn]] void at(int line, const std::string& path, const std::string& what,
                       std::string hint = {}) const {
    yaml::fail_at(where_, line, path.empty() ? what : path + ": " + what, std::move(hint));
  }
  [[noreturn]] void wrong(const yaml::Value& value, const char* key, const std::string& expected,
                          std::string hint = {}) const {
    at(value.line, dotted(key),
       fmt::format("expected {}, found {}", expected, yaml::describe(value)), std::move(hint));
  }

  const yaml::Value& map_;
  std::string_view where_;
  std::string path_;
  std::vector<std::string> known_;
};

}  // namespace

void load_fields(const yaml::Value& root, std::string_view where, std::string_view path,
                 const Fields::Describe& describe) {
  if (!root.is_map()) {
    yaml::fail_at(where, root.line,
                  (path.empty() ? std::string() : std::string(path) + ": ") +
                      "expected a map of 'key: value' lines, found " + yaml::describe(root));
  }
  Loader loader(root, where, std::string(path));
  describe(loader);
  loader.reject_unknown_keys();
}

}  // namespace parley
