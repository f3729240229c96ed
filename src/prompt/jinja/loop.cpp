#include "prompt/jinja/loop.hpp"

#include "prompt/jinja/ast.hpp"

namespace parley::text::jinja {

Value loop_attribute(Runtime& rt, const Value& value, std::string_view name) {
  const Loop& loop = *value.as<const Loop>();
  const auto size = static_cast<std::int64_t>(loop.items.size());
  const auto index = static_cast<std::int64_t>(loop.index);
  if (name == "index") return Value::integer(index + 1);
  if (name == "index0") return Value::integer(index);
  if (name == "first") return Value::boolean(index == 0);
  if (name == "last") return Value::boolean(index + 1 == size);
  if (name == "length") return Value::integer(size);
  if (name == "revindex") return Value::integer(size - index);
  if (name == "revindex0") return Value::integer(size - index - 1);
  if (name == "depth") return Value::integer(loop.depth + 1);
  if (name == "depth0") return Value::integer(loop.depth);
  if (name == "previtem") {
    if (index > 0) return loop.items[loop.index - 1];
    return rt.undefined(UndefinedInfo::Kind::kAttribute, "previtem", value);
  }
  if (name == "nextitem") {
    if (index + 1 < size) return loop.items[loop.index + 1];
    return rt.undefined(UndefinedInfo::Kind::kAttribute, "nextitem", value);
  }
  return {};
}

Value macro_attribute(Runtime& rt, const Value& value, std::string_view name) {
  const Macro& macro = *value.as<const Macro>();
  const MacroParts& parts = *macro.statement->macro;
  if (name == "name") return Value::string(macro.name, Author::kTemplate);
  if (name == "catch_varargs") return Value::boolean(parts.takes_varargs);
  if (name == "catch_kwargs") return Value::boolean(parts.takes_kwargs);
  if (name == "caller") return Value::boolean(parts.takes_caller);
  if (name == "arguments") {
    std::vector<Value> names;
    for (const MacroParameter& parameter : parts.parameters) {
      names.push_back(Value::string(parameter.name, Author::kTemplate));
    }
    return rt.tuple(names);
  }
  return {};
}

}  // namespace parley::text::jinja
