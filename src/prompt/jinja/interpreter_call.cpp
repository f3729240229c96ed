// Calls of functions, methods, macros and recursive loops.
#include <algorithm>
#include <utility>

#include "prompt/jinja/interpreter.hpp"

namespace parley::text::jinja {

Interpreter::CallValues Interpreter::evaluate_arguments(const CallArguments* arguments,
                                                        Scope& scope) {
  CallValues out;
  if (arguments == nullptr) return out;
  out.positional.reserve(arguments->positional.size());
  for (const Expr* argument : arguments->positional) {
    out.positional.push_back(evaluate(*argument, scope));
  }
  if (arguments->star != nullptr) {
    const Value more = evaluate(*arguments->star, scope);
    for (const Value& item : iterate(rt_, more)) out.positional.push_back(item);
  }
  for (const KeywordArgument& argument : arguments->named) {
    out.named.push_back({argument.name, evaluate(*argument.value, scope)});
  }
  if (arguments->double_star != nullptr) {
    const Value more = evaluate(*arguments->double_star, scope);
    if (!more.is(Type::kDict)) {
      expect_defined(rt_, more);
      rt_.refuse("** takes a dict, not '" + std::string(type_name(more)) + "'");
    }
    for (const DictEntry& entry : more.as_dict().entries) {
      const std::string_view name = expect_string(rt_, entry.key, "a name given by **");
      rt_.charge(1 + arguments->named.size() / 8);
      for (const KeywordArgument& argument : arguments->named) {
        if (argument.name == name) {
          rt_.refuse("the argument '" + std::string(name) + "' is given twice");
        }
      }
      out.named.push_back({name, entry.value});
    }
  }
  return out;
}

Value Interpreter::evaluate_call(const Expr& expr, Scope& scope, const Value& caller) {
  const Value callee = evaluate(*expr.children[0], scope);
  CallValues values = evaluate_arguments(expr.arguments, scope);
  if (!caller.is_missing()) values.named.push_back({"caller", caller});
  rt_.at.line = expr.line;
  return call(callee, values);
}

Value Interpreter::call(const Value& callee, CallValues& values) {
  switch (callee.type()) {
    case Type::kFunction:
      return invoke(rt_, *callee.as<const FunctionSpec>(), Value(), values.view());
    case Type::kMethod: {
      const Method& method = *callee.as<const Method>();
      return invoke(rt_, *method.function, method.self, values.view());
    }
    case Type::kMacro:
      return call_macro(*callee.as<const Macro>(), values);
    case Type::kLoop:
      return call_loop(callee, values);
    case Type::kJoiner: {
      Joiner& joiner = *callee.as<Joiner>();
      const bool used = std::exchange(joiner.used, true);
      return used ? joiner.separator : Value::string({}, Author::kTemplate);
    }
    default:
      break;
  }
  expect_defined(rt_, callee);
  rt_.refuse("a value of type '" + std::string(type_name(callee)) + "' cannot be called");
}

Value Interpreter::call_macro(const Macro& macro, CallValues& values) {
  const MacroParts& parts = *macro.statement->macro;
  const std::string name = "macro '" + std::string(parts.name) + "'";
  Scope& scope = *rt_.arena().make(Scope{macro.scope, nullptr});
  const std::size_t count = parts.parameters.size();
  const std::size_t direct = std::min(count, values.positional.size());
  std::vector<Value> given(count);
  std::copy_n(values.positional.begin(), direct, given.begin());
  Value caller;
  std::vector<DictEntry> rest;
  for (const Named& argument : values.named) {
    std::size_t i = 0;
    while (i < count && parts.parameters[i].name != argument.name) ++i;
    rt_.charge(1 + count / 8);
    if (i < count) {
      if (i < direct) rt_.refuse(name + " is given '" + std::string(argument.name) + "' twice");
      given[i] = argument.value;
    } else if (argument.name == "caller" && parts.takes_caller) {
      caller = argument.value;
    } else if (parts.takes_kwargs) {
      rest.push_back({Value::string(argument.name, Author::kOther), argument.value});
    } else {
      rt_.refuse(name + " has no argument named '" + std::string(argument.name) + "'");
    }
  }
  if (values.positional.size() > count && !parts.takes_varargs) {
    rt_.refuse(name + " takes at most " + std::to_string(count) + " arguments, not " +
               std::to_string(values.positional.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const MacroParameter& parameter = parts.parameters[i];
    Value value = given[i];
    if (value.is_missing()) {
      value = parameter.otherwise != nullptr
                  ? evaluate(*parameter.otherwise, scope)
                  : rt_.undefined(UndefinedInfo::Kind::kParameter, parameter.name);
    }
    scope.set(rt_, parameter.name_id, value);
  }
  if (parts.takes_caller) {
    if (caller.is_missing()) caller = rt_.undefined(UndefinedInfo::Kind::kParameter, "caller");
    scope.set(rt_, kCallerName, caller);
  }
  if (parts.takes_varargs) {
    const std::vector<Value> more(values.positional.begin() + static_cast<std::ptrdiff_t>(direct),
                                  values.positional.end());
    scope.set(rt_, kVarargsName, rt_.tuple(more));
  }
  if (parts.takes_kwargs) scope.set(rt_, kKwargsName, rt_.dict(rest));
  Flow flow = Flow::kNormal;
  const int line = rt_.at.line;
  const Value text = capture(parts.body, scope, flow);
  rt_.at.line = line;
  return text;
}

Value Interpreter::call_loop(const Value& value, const CallValues& values) {
  const Loop& loop = *value.as<const Loop>();
  if (!loop.statement->loop->recursive) {
    rt_.refuse("only a loop that is `recursive` can be called");
  }
  if (values.positional.size() != 1 || !values.named.empty()) {
    rt_.refuse("a recursive loop takes one argument: what to loop over");
  }
  const std::size_t begin = out_.size();
  ++captures_;
  run_loop(*loop.statement, *loop.scope, values.positional[0], loop.depth + 1);
  --captures_;
  return take_back(begin);
}

}  // namespace parley::text::jinja
