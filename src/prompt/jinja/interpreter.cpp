// Statements.
#include "prompt/jinja/interpreter.hpp"

#include "prompt/jinja/namespace.hpp"
#include "prompt/jinja/values/python_format.hpp"

namespace parley::text::jinja {

void Interpreter::run(Body body) {
  Scope& root = *rt_.arena().make(Scope{});
  execute(body, root);
}

void Interpreter::emit(const Value& value) {
  const std::string_view text = to_str(rt_, value);
  if (text.size() > rt_.limits().max_output_bytes - out_.size()) {
    rt_.refuse_limit("the template writes more than " +
                     std::to_string(rt_.limits().max_output_bytes) + " bytes");
  }
  if (value.is_string()) {
    out_.append(rt_, value);
  } else {
    out_.append(rt_, text, author_of(value));
  }
}

Value Interpreter::take_back(std::size_t begin) {
  const Value text = out_.value(rt_, false, begin);
  out_.shorten(begin);
  return text;
}

Value Interpreter::capture(Body body, Scope& scope, Flow& flow) {
  const std::size_t begin = out_.size();
  ++captures_;
  flow = execute(body, scope);
  --captures_;
  return take_back(begin);
}

Interpreter::Flow Interpreter::execute(Body body, Scope& scope) {
  for (const Statement* statement : body) {
    const Flow flow = execute_one(*statement, scope);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute_one(const Statement& statement, Scope& scope) {
  const Runtime::Nesting nesting(rt_);
  rt_.charge(1);
  rt_.at.line = statement.line;
  switch (statement.kind) {
    case StatementKind::kText:
      emit(Value::string(statement.text, Author::kTemplate));
      break;
    case StatementKind::kOutput: {
      emit(evaluate(*statement.value, scope));
      break;
    }
    case StatementKind::kIf:
      return execute_if(statement, scope);
    case StatementKind::kFor:
      execute_for(statement, scope);
      break;
    case StatementKind::kSet:
      assign(*statement.target, evaluate(*statement.value, scope), scope);
      break;
    case StatementKind::kSetBlock:
      return execute_set_block(statement, scope);
    case StatementKind::kMacro: {
      const Macro macro{statement.macro->name, &statement, &scope};
      scope.set(rt_, statement.macro->name_id, Value::macro(rt_.arena().make(macro)));
      break;
    }
    case StatementKind::kCallBlock: {
      const Macro caller{statement.macro->name, &statement, &scope};
      const Value macro = Value::macro(rt_.arena().make(caller));
      emit(evaluate_call(*statement.value, scope, macro));
      break;
    }
    case StatementKind::kFilterBlock:
      return execute_filter_block(statement, scope);
    case StatementKind::kWith:
      return execute_with(statement, scope);
    case StatementKind::kBreak:
      return Flow::kBreak;
    case StatementKind::kContinue:
      return Flow::kContinue;
    case StatementKind::kGeneration:
      return execute_generation(statement, scope);
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute_if(const Statement& statement, Scope& scope) {
  for (const Branch& branch : statement.branches) {
    if (branch.condition == nullptr || truthy(evaluate(*branch.condition, scope))) {
      return execute(branch.body, scope);
    }
  }
  return Flow::kNormal;
}

Interpreter::Flow Interpreter::execute_with(const Statement& statement, Scope& scope) {
  Scope& body = inner(scope);
  for (const WithBinding& binding : statement.bindings) {  // each value sees the scope outside
    assign(*binding.target, evaluate(*binding.value, scope), body);
  }
  return execute(statement.body, body);
}

Interpreter::Flow Interpreter::execute_set_block(const Statement& statement, Scope& scope) {
  Flow flow = Flow::kNormal;
  const Value text = capture(statement.body, inner(scope), flow);
  if (flow != Flow::kNormal) return flow;
  block_text_ = text;
  assign(*statement.target, evaluate(*statement.value, scope), scope);
  return flow;
}

Interpreter::Flow Interpreter::execute_filter_block(const Statement& statement, Scope& scope) {
  Flow flow = Flow::kNormal;
  Scope& body = inner(scope);
  const Value text = capture(statement.body, body, flow);
  if (flow != Flow::kNormal) return flow;
  block_text_ = text;
  emit(evaluate(*statement.value, body));
  return flow;
}

Interpreter::Flow Interpreter::execute_generation(const Statement& statement, Scope& scope) {
  const std::size_t begin = out_.size();
  const Flow flow = execute(statement.body, inner(scope));
  if (captures_ == 0) generated_.push_back({begin, out_.size()});
  return flow;
}

void Interpreter::execute_for(const Statement& statement, Scope& scope) {
  run_loop(statement, scope, evaluate(*statement.loop->iterable, scope), 0);
}

bool Interpreter::loop_condition(const LoopParts& parts, Scope& scope, const Value& item) {
  if (parts.condition == nullptr) return true;
  Scope& candidate = inner(scope);
  assign(*parts.target, item, candidate);
  return truthy(evaluate(*parts.condition, candidate));
}

void Interpreter::run_loop(const Statement& statement, Scope& scope, const Value& iterable,
                           int depth) {
  const LoopParts& parts = *statement.loop;
  rt_.at.line = statement.line;
  std::span<const Value> items = iterate(rt_, iterable);
  // The condition is asked just before each turn of the body, which may change what it asks for;
  // only a body that uses `loop` needs to know beforehand how many turns there will be.
  const bool ask_first = parts.condition != nullptr && (parts.uses_loop || parts.recursive);
  if (ask_first) {
    std::vector<Value> chosen;
    for (const Value& item : items) {
      if (loop_condition(parts, scope, item)) chosen.push_back(item);
    }
    items = rt_.arena().copy(chosen);
  }
  Loop* loop = nullptr;
  if (parts.uses_loop || parts.recursive) {
    loop = rt_.arena().make(Loop{items, 0, depth, Value(), &statement, &scope});
  }
  bool any = false;
  for (std::size_t i = 0; i < items.size(); ++i) {
    rt_.charge(1);
    if (!ask_first && !loop_condition(parts, scope, items[i])) continue;
    any = true;
    Scope& turn = inner(scope);
    if (loop != nullptr) {
      loop->index = i;
      turn.set(rt_, kLoopName, Value::loop(loop));
    }
    rt_.at.line = statement.line;
    assign(*parts.target, items[i], turn);
    if (execute(parts.body, turn) == Flow::kBreak) break;
  }
  if (!any) execute(parts.otherwise, inner(scope));
}

void Interpreter::assign(const Expr& target, const Value& value, Scope& scope) {
  switch (target.kind) {
    case ExprKind::kName:
      scope.set(rt_, target.name_id, value);
      return;
    case ExprKind::kAttribute: {
      const Value subject = evaluate(*target.children[0], scope);
      if (!subject.is(Type::kNamespace)) {
        rt_.refuse("only the attributes of a namespace() can be set, not those of '" +
                   std::string(type_name(subject)) + "'");
      }
      subject.as<Namespace>()->set(rt_, target.name, value);
      return;
    }
    default:
      break;
  }
  const Runtime::Nesting nesting(rt_);
  expect_defined(rt_, value);
  const std::span<const Value> items = iterate(rt_, value);
  if (items.size() != target.children.size()) {
    rt_.refuse(std::to_string(items.size()) + " values cannot be assigned to " +
               std::to_string(target.children.size()) + " names");
  }
  for (std::size_t i = 0; i < items.size(); ++i) assign(*target.children[i], items[i], scope);
}

}  // namespace parley::text::jinja
