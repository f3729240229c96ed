#include "prompt/jinja/functions.hpp"

#include <algorithm>
#include <unordered_map>

#include "prompt/jinja/loop.hpp"
#include "prompt/jinja/values/operators.hpp"

namespace parley::text::jinja {
namespace {

using Index = std::unordered_map<std::string_view, const FunctionSpec*>;

Index index_of(std::initializer_list<std::span<const FunctionSpec>> tables) {
  Index out;
  for (const auto& table : tables) {
    for (const FunctionSpec& function : table) out.emplace(function.name, &function);
  }
  return out;
}

const FunctionSpec* look_up(const Index& index, std::string_view name) {
  const auto at = index.find(name);
  return at == index.end() ? nullptr : at->second;
}

const FunctionSpec* find_in(std::span<const FunctionSpec> table, std::string_view name) {
  const auto at = std::find_if(table.begin(), table.end(),
                               [&](const FunctionSpec& spec) { return spec.name == name; });
  return at == table.end() ? nullptr : &*at;
}

// Methods of Python's lists, dicts and sets that change them.
bool changes_subject(const Value& subject, std::string_view name) {
  if (subject.is(Type::kList)) {
    return name == "append" || name == "clear" || name == "extend" || name == "insert" ||
           name == "pop" || name == "remove" || name == "reverse" || name == "sort";
  }
  return subject.is(Type::kDict) && (name == "clear" || name == "pop" || name == "popitem" ||
                                     name == "setdefault" || name == "update");
}

std::size_t parameter_count(const FunctionSpec& function) {
  std::size_t count = 0;
  while (count < kMaxParameters && !function.parameters[count].empty()) ++count;
  return count;
}

}  // namespace

Value invoke(Runtime& rt, const FunctionSpec& function, const Value& self,
             const Arguments& arguments) {
  const std::size_t parameters = parameter_count(function);
  const std::string name(function.name);
  rt.charge(1);
  if (self.is_string()) rt.charge_bytes(self.text().size());
  Bound bound;
  const std::size_t direct = std::min(parameters, arguments.positional.size());
  for (std::size_t i = 0; i < direct; ++i) {
    bound.values[i] = arguments.positional[i];
    if (bound.values[i].is_string()) rt.charge_bytes(bound.values[i].text().size());
  }
  if (function.any_number) {
    bound.rest = arguments.positional.subspan(direct);
  } else if (arguments.positional.size() > parameters) {
    rt.refuse(name + " takes at most " + std::to_string(parameters) + " arguments, not " +
              std::to_string(arguments.positional.size()));
  }
  if (function.any_name) {
    bound.named = arguments.named;
  } else {
    for (const Named& argument : arguments.named) {
      const auto begin = function.parameters.begin();
      const auto at =
          std::find(begin, begin + static_cast<std::ptrdiff_t>(parameters), argument.name);
      const auto i = static_cast<std::size_t>(at - begin);
      if (i == parameters) {
        rt.refuse(name + " has no argument named '" + std::string(argument.name) + "'");
      }
      if (!bound.values[i].is_missing()) {
        rt.refuse(name + " is given '" + std::string(argument.name) + "' twice");
      }
      bound.values[i] = argument.value;
    }
  }
  for (std::size_t i = 0; i < function.required; ++i) {
    if (bound.values[i].is_missing()) {
      rt.refuse(name + " lacks its argument '" + std::string(function.parameters[i]) + "'");
    }
  }
  return function.function(rt, self, bound);
}

const FunctionSpec* find_filter(std::string_view name) {
  static const Index index =
      index_of({text_filters(), sequence_filters(), selection_filters(), number_filters()});
  return look_up(index, name);
}

const FunctionSpec* find_test(std::string_view name) {
  static const Index index = index_of({test_functions()});
  return look_up(index, name);
}

const FunctionSpec* find_global(std::string_view name) {
  static const Index index = index_of({global_functions()});
  return look_up(index, name);
}

Value builtin_attribute(Runtime& rt, const Value& subject, std::string_view name) {
  const FunctionSpec* method = nullptr;
  switch (subject.type()) {
    case Type::kString: {
      static const Index index = index_of({string_methods()});
      method = look_up(index, name);
      break;
    }
    case Type::kTuple:
      if (subject.is_group() && name == "grouper") return subject.items()[0];
      if (subject.is_group() && name == "list") return subject.items()[1];
      method = find_in(container_methods(Type::kTuple), name);
      break;
    case Type::kCycler:
      if (name == "current") {
        const Cycler& cycler = *subject.as<const Cycler>();
        return cycler.items[cycler.next];
      }
      method = find_in(container_methods(Type::kCycler), name);
      break;
    case Type::kRange:
      if (name == "start") return Value::integer(subject.as<const Range>()->start);
      if (name == "stop") return Value::integer(subject.as<const Range>()->stop);
      if (name == "step") return Value::integer(subject.as<const Range>()->step);
      method = find_in(container_methods(Type::kRange), name);
      break;
    case Type::kLoop:
      if (const Value found = loop_attribute(rt, subject, name); !found.is_missing()) return found;
      method = find_in(container_methods(Type::kLoop), name);
      break;
    case Type::kMacro:
      return macro_attribute(rt, subject, name);
    case Type::kList:
    case Type::kDict:
      method = find_in(container_methods(subject.type()), name);
      break;
    default:
      break;
  }
  if (method != nullptr) return Value::method(rt.arena().make(Method{subject, method}));
  if (changes_subject(subject, name)) {
    return rt.undefined(UndefinedInfo::Kind::kUnsafe, name, subject);
  }
  return {};
}

}  // namespace parley::text::jinja
