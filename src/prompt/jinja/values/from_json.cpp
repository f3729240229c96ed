#include "prompt/jinja/values/from_json.hpp"

#include <limits>

#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

Value text_value(Runtime& rt, const std::string& text, Author author) {
  if (text.size() > rt.limits().max_memory_bytes) rt.refuse_limit("a variable's text is too long");
  if (is_valid_utf8(text)) return Value::string(text, author);
  return rt.text(repair_utf8(text), author);
}

}  // namespace

Value from_json(Runtime& rt, const Json& json, Author author, const Authors& authors) {
  const Runtime::Nesting nesting(rt);
  rt.charge(1);
  if (!authors.empty()) {
    if (const auto known = authors.find(&json); known != authors.end()) author = known->second;
  }
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::boolean(json.get<bool>());
    case Json::value_t::number_integer:
      return Value::integer(json.get<std::int64_t>());
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      const bool fits =
          number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return fits ? Value::integer(static_cast<std::int64_t>(number))
                  : Value::real(static_cast<double>(number));
    }
    case Json::value_t::number_float:
      return Value::real(json.get<double>());
    case Json::value_t::string:
      return text_value(rt, json.get_ref<const std::string&>(), author);
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(from_json(rt, item, author, authors));
      return rt.list(items);
    }
    case Json::value_t::object: {
      std::vector<DictEntry> entries;
      entries.reserve(json.size());
      for (const auto& [key, item] : json.items()) {
        entries.push_back(
            {text_value(rt, key, Author::kOther), from_json(rt, item, author, authors)});
      }
      return rt.unique_dict(entries);
    }
    default:
      return Value::none();
  }
}

}  // namespace parley::text::jinja
