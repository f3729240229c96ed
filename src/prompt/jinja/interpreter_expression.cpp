// Expressions.
#include "prompt/jinja/interpreter.hpp"

namespace parley::text::jinja {

Value Interpreter::evaluate(const Expr& expr, Scope& scope) {
  const Runtime::Nesting nesting(rt_);
  rt_.charge(1);
  const auto child = [&](std::size_t i) { return evaluate(*expr.children[i], scope); };
  switch (expr.kind) {
    case ExprKind::kConst:
      return expr.value;
    case ExprKind::kName:
      return evaluate_name(expr, scope);
    case ExprKind::kList:
    case ExprKind::kTuple:
      return evaluate_sequence(expr, scope);
    case ExprKind::kDict:
      return evaluate_dict(expr, scope);
    case ExprKind::kNegative: {
      const Value value = child(0);
      rt_.at.line = expr.line;
      return negative(rt_, value);
    }
    case ExprKind::kPositive: {
      const Value value = child(0);
      rt_.at.line = expr.line;
      return positive(rt_, value);
    }
    case ExprKind::kNot:
      return Value::boolean(!truthy(child(0)));
    case ExprKind::kAnd: {
      const Value left = child(0);
      return truthy(left) ? child(1) : left;
    }
    case ExprKind::kOr: {
      const Value left = child(0);
      return truthy(left) ? left : child(1);
    }
    case ExprKind::kBinary: {
      const Value left = child(0), right = child(1);
      rt_.at.line = expr.line;
      return binary(rt_, expr.op, left, right);
    }
    case ExprKind::kConcat:
      return evaluate_concat(expr, scope);
    case ExprKind::kCompare:
      return evaluate_compare(expr, scope);
    case ExprKind::kConditional:
      return evaluate_conditional(expr, scope);
    case ExprKind::kAttribute: {
      const Value subject = child(0);
      rt_.at.line = expr.line;
      return get_attribute(rt_, subject, expr.name);
    }
    case ExprKind::kItem: {
      const Value subject = child(0), index = child(1);
      rt_.at.line = expr.line;
      return get_item(rt_, subject, index);
    }
    case ExprKind::kSlice:
      return evaluate_slice(expr, scope);
    case ExprKind::kCall:
      return evaluate_call(expr, scope, Value());
    case ExprKind::kFilter:
    case ExprKind::kTest:
      return evaluate_function(expr, scope);
    case ExprKind::kBlockText:
      return block_text_;
  }
  return {};
}

Value Interpreter::evaluate_name(const Expr& expr, Scope& scope) {
  if (const Value* found = scope.find(rt_, expr.name_id)) return *found;
  if (const Value* given = variables_.as_dict().find(expr.name)) return *given;
  if (const FunctionSpec* global = find_global(expr.name)) return Value::function(global);
  return rt_.undefined(UndefinedInfo::Kind::kVariable, expr.name);
}

Value Interpreter::evaluate_sequence(const Expr& expr, Scope& scope) {
  std::vector<Value> items;
  items.reserve(expr.children.size());
  for (const Expr* item : expr.children) items.push_back(evaluate(*item, scope));
  return expr.kind == ExprKind::kList ? rt_.list(items) : rt_.tuple(items);
}

Value Interpreter::evaluate_dict(const Expr& expr, Scope& scope) {
  std::vector<DictEntry> entries;
  entries.reserve(expr.children.size() / 2);
  for (std::size_t i = 0; i + 1 < expr.children.size(); i += 2) {
    const Value key = evaluate(*expr.children[i], scope);
    rt_.at.line = expr.line;
    expect_hashable(rt_, key);
    entries.push_back({key, evaluate(*expr.children[i + 1], scope)});
  }
  return rt_.dict(entries);
}

Value Interpreter::evaluate_concat(const Expr& expr, Scope& scope) {
  AuthoredText out;
  for (const Expr* part : expr.children) out.append(rt_, evaluate(*part, scope));
  return out.value(rt_);
}

Value Interpreter::evaluate_compare(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.children[0], scope);
  for (std::size_t i = 0; i < expr.compare_ops.size(); ++i) {
    const Value right = evaluate(*expr.children[i + 1], scope);
    rt_.at.line = expr.line;
    if (!compare(rt_, expr.compare_ops[i], left, right)) return Value::boolean(false);
    left = right;
  }
  return Value::boolean(true);
}

Value Interpreter::evaluate_conditional(const Expr& expr, Scope& scope) {
  if (truthy(evaluate(*expr.children[0], scope))) return evaluate(*expr.children[1], scope);
  if (expr.children[2] != nullptr) return evaluate(*expr.children[2], scope);
  return rt_.undefined(UndefinedInfo::Kind::kVariable, "an `if` without `else`");
}

Value Interpreter::evaluate_slice(const Expr& expr, Scope& scope) {
  Value parts[4];
  for (std::size_t i = 0; i < 4; ++i) {
    if (expr.children[i] != nullptr) parts[i] = evaluate(*expr.children[i], scope);
  }
  rt_.at.line = expr.line;
  return get_slice(rt_, parts[0], parts[1], parts[2], parts[3]);
}

Value Interpreter::evaluate_function(const Expr& expr, Scope& scope) {
  const Value subject = evaluate(*expr.children[0], scope);
  const bool filter = expr.kind == ExprKind::kFilter;
  rt_.at.line = expr.line;
  if (expr.function == nullptr) {
    rt_.refuse("there is no " + std::string(filter ? "filter" : "test") + " '" +
               std::string(expr.name) + "'");
  }
  const CallValues values = evaluate_arguments(expr.arguments, scope);
  rt_.at.line = expr.line;
  const Value out = invoke(rt_, *expr.function, subject, values.view());
  return filter ? out : Value::boolean(truthy(out) != expr.negated);
}

}  // namespace parley::text::jinja
