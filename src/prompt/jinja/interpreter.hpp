// Runs a parsed template once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "prompt/jinja/ast.hpp"
#include "prompt/jinja/loop.hpp"
#include "prompt/jinja/rendered.hpp"
#include "prompt/jinja/scope.hpp"
#include "prompt/jinja/values/authored_text.hpp"

namespace parley::text::jinja {

class Interpreter {
 public:
  // `variables` is a dict with text keys.
  Interpreter(Runtime& runtime, const Value& variables) : rt_(runtime), variables_(variables) {}

  void run(Body body);
  // What the template wrote. Once.
  Rendered take_output() { return {out_.take_text(), std::move(generated_), out_.take_authors()}; }

 private:
  enum class Flow { kNormal, kBreak, kContinue };

  // statements (interpreter.cpp)
  Flow execute(Body body, Scope& scope);
  Flow execute_one(const Statement& statement, Scope& scope);
  Flow execute_if(const Statement& statement, Scope& scope);
  Flow execute_with(const Statement& statement, Scope& scope);
  Flow execute_set_block(const Statement& statement, Scope& scope);
  Flow execute_filter_block(const Statement& statement, Scope& scope);
  Flow execute_generation(const Statement& statement, Scope& scope);
  void execute_for(const Statement& statement, Scope& scope);
  void run_loop(const Statement& statement, Scope& scope, const Value& iterable, int depth);
  bool loop_condition(const LoopParts& parts, Scope& scope, const Value& item);
  void assign(const Expr& target, const Value& value, Scope& scope);
  void emit(const Value& value);
  // Takes what was written from byte `begin` on off the output.
  Value take_back(std::size_t begin);
  // Runs the body and takes what it wrote off the output.
  Value capture(Body body, Scope& scope, Flow& flow);
  Scope& inner(Scope& scope) { return *rt_.arena().make(Scope{&scope, nullptr}); }

  // calls (interpreter_call.cpp)
  struct CallValues {
    std::vector<Value> positional;
    std::vector<Named> named;
    Arguments view() const { return {positional, named}; }
  };
  CallValues evaluate_arguments(const CallArguments* arguments, Scope& scope);
  Value call(const Value& callee, CallValues& values);
  Value call_macro(const Macro& macro, CallValues& values);
  Value call_loop(const Value& loop, const CallValues& values);
  Value evaluate_call(const Expr& expr, Scope& scope, const Value& caller);

  // expressions (interpreter_expression.cpp)
  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate_name(const Expr& expr, Scope& scope);
  Value evaluate_sequence(const Expr& expr, Scope& scope);
  Value evaluate_dict(const Expr& expr, Scope& scope);
  Value evaluate_concat(const Expr& expr, Scope& scope);
  Value evaluate_compare(const Expr& expr, Scope& scope);
  Value evaluate_conditional(const Expr& expr, Scope& scope);
  Value evaluate_slice(const Expr& expr, Scope& scope);
  Value evaluate_function(const Expr& expr, Scope& scope);  // filters and tests

  Runtime& rt_;
  Value variables_;
  AuthoredText out_;
  std::vector<ByteRange> generated_;
  int captures_ = 0;  // around what is running: its output is not yet the result
  Value block_text_;  // for ExprKind::kBlockText
};

}  // namespace parley::text::jinja
