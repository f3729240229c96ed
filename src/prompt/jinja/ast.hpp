// A parsed template: statements and expressions in an Arena, never changed after parsing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/value.hpp"

namespace parley::text::jinja {

enum class ExprKind : std::uint8_t {
  kConst,        // value
  kName,         // name, name_id
  kList,         // children
  kTuple,        // children
  kDict,         // children: key, value, key, value, …
  kNegative,     // children[0]
  kPositive,     // children[0]
  kNot,          // children[0]
  kAnd,          // children[0], [1]
  kOr,           // children[0], [1]
  kBinary,       // children[0] op children[1]
  kConcat,       // children, joined as text
  kCompare,      // children[0] compare_ops[0] children[1] compare_ops[1] …
  kConditional,  // children: condition, then, else or nullptr
  kAttribute,    // children[0].name
  kItem,         // children[0][children[1]]
  kSlice,        // children[0][children[1]:children[2]:children[3]], each bound or nullptr
  kCall,         // children[0](arguments)
  kFilter,       // children[0] | name(arguments)
  kTest,         // children[0] is [not] name(arguments)
  kBlockText,    // what the body of a {% filter %} or {% set %} block gave
};

struct Expr;
struct Statement;
using Body = std::span<const Statement* const>;

struct KeywordArgument {
  std::string_view name;
  const Expr* value;
};

struct CallArguments {
  std::span<const Expr* const> positional;
  std::span<const KeywordArgument> named;
  const Expr* star = nullptr;         // *sequence
  const Expr* double_star = nullptr;  // **dict
};

struct Expr {
  ExprKind kind;
  int line = 0;
  int depth = 1;  // of the tree below, itself included
  BinaryOp op = BinaryOp::kAdd;
  bool negated = false;
  std::uint32_t name_id = 0;
  std::string_view name;
  Value value;
  std::span<const Expr* const> children;
  std::span<const CompareOp> compare_ops;
  const CallArguments* arguments = nullptr;
  const FunctionSpec* function = nullptr;  // of a filter or test; nullptr where there is none
};

enum class StatementKind : std::uint8_t {
  kText,         // text
  kOutput,       // value
  kIf,           // branches
  kFor,          // loop
  kSet,          // target = value
  kSetBlock,     // target = body, through the filters of value
  kMacro,        // macro
  kCallBlock,    // value is the call, macro the body
  kFilterBlock,  // body, through the filters of value
  kWith,         // bindings, body
  kBreak,
  kContinue,
  kGeneration,  // body: text that the model is trained on
};

struct Branch {
  const Expr* condition;  // nullptr: else
  Body body;
};

struct LoopParts {
  const Expr* target;
  const Expr* iterable;
  const Expr* condition;  // or nullptr
  Body body, otherwise;
  bool recursive;
  bool uses_loop;  // the body names `loop`
};

struct MacroParameter {
  std::string_view name;
  std::uint32_t name_id;
  const Expr* otherwise;  // or nullptr
};

struct MacroParts {
  std::string_view name;
  std::uint32_t name_id;
  std::span<const MacroParameter> parameters;
  Body body;
  bool takes_caller, takes_varargs, takes_kwargs;  // the body names them
};

struct WithBinding {
  const Expr* target;
  const Expr* value;
};

struct Statement {
  StatementKind kind;
  int line = 0;
  std::string_view text;
  const Expr* target = nullptr;
  const Expr* value = nullptr;
  Body body;
  std::span<const Branch> branches;
  std::span<const WithBinding> bindings;
  const LoopParts* loop = nullptr;
  const MacroParts* macro = nullptr;
};

// Names that the interpreter itself binds have fixed ids; others follow in order of appearance.
enum : std::uint32_t { kLoopName, kCallerName, kVarargsName, kKwargsName, kFirstFreeName };

}  // namespace parley::text::jinja
