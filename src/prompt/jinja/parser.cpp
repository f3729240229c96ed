#include "prompt/jinja/parser.hpp"

#include <algorithm>
#include <utility>

#include "prompt/jinja/expression_parser.hpp"

namespace parley::text::jinja {
namespace {

class StatementParser : public ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  ParsedTemplate run() {
    ParsedTemplate out;
    out.body = parse_body({});
    out.names = name_count();
    return out;
  }

 private:
  using EndNames = std::initializer_list<std::string_view>;

  // Statements up to a block whose name is one of `ends`, of which the name is the current token
  // afterwards; up to the end of the template where `ends` is empty.
  Body parse_body(EndNames ends) {
    const Nesting nesting(*this);
    std::vector<const Statement*> out;
    while (true) {
      const Token token = current();
      switch (token.type) {
        case TokenType::kEnd:
          if (ends.size() == 0) return arena_.copy(out);
          refuse("the template ends inside a block: expected {% " + std::string(*(ends.end() - 1)) +
                 " %}");
        case TokenType::kText: {
          Statement text = make_statement(StatementKind::kText);
          text.text = take().text;
          out.push_back(store_statement(text));
          break;
        }
        case TokenType::kOutputBegin: {
          take();
          Statement output = make_statement(StatementKind::kOutput);
          output.value = parse_tuple(true);
          if (current().type != TokenType::kOutputEnd) refuse_token("'}}'");
          take();
          out.push_back(store_statement(output));
          break;
        }
        default: {
          take();  // {%
          const bool done = current().type == TokenType::kName &&
                            std::find(ends.begin(), ends.end(), current().text) != ends.end();
          if (done) return arena_.copy(out);
          parse_statement(out);
          end_block();
        }
      }
    }
  }

  Statement make_statement(StatementKind kind) const {
    Statement out;
    out.kind = kind;
    out.line = current().line;
    return out;
  }
  const Statement* store_statement(const Statement& statement) { return arena_.make(statement); }

  void end_block() {
    if (current().type != TokenType::kBlockEnd) refuse_token("'%}'");
    take();
  }

  // Behind the opening block: its body, and past the name that ends it.
  Body parse_block(std::string_view end) {
    end_block();
    const Body body = parse_body({end});
    take();
    return body;
  }

  void parse_statement(std::vector<const Statement*>& out) {
    const Statement at = make_statement(StatementKind::kText);  // for its line
    const std::string_view name = expect_name("the name of a statement");
    Statement statement = at;
    if (name == "if") {
      statement.kind = StatementKind::kIf;
      statement.branches = parse_if();
    } else if (name == "for") {
      statement.kind = StatementKind::kFor;
      statement.loop = parse_for();
    } else if (name == "set") {
      parse_set(statement);
    } else if (name == "macro") {
      statement.kind = StatementKind::kMacro;
      statement.macro = parse_macro();
    } else if (name == "call") {
      parse_call(statement);
    } else if (name == "filter") {
      statement.kind = StatementKind::kFilterBlock;
      statement.value = parse_filters(store(make(ExprKind::kBlockText)), true);
      statement.body = parse_block("endfilter");
    } else if (name == "with") {
      parse_with(statement);
    } else if (name == "generation") {
      statement.kind = StatementKind::kGeneration;
      const int loops = std::exchange(loops_, 0);  // a function of its own: no break out of it
      statement.body = parse_block("endgeneration");
      loops_ = loops;
    } else if (name == "break" || name == "continue") {
      if (loops_ == 0) refuse("{% " + std::string(name) + " %} outside of a loop");
      statement.kind = name == "break" ? StatementKind::kBreak : StatementKind::kContinue;
    } else if (name == "print") {
      statement.kind = StatementKind::kOutput;
      statement.value = parse_tuple(true);
    } else if (name == "include" || name == "import" || name == "from" || name == "extends" ||
               name == "block") {
      refuse("{% " + std::string(name) + " %} joins templates, but a chat template stands alone");
    } else {
      refuse("there is no statement '" + std::string(name) + "' here");
    }
    out.push_back(store_statement(statement));
  }

  std::span<const Branch> parse_if() {
    std::vector<Branch> branches;
    const Expr* condition = parse_tuple(false);
    while (true) {
      end_block();
      const Body body = parse_body({"elif", "else", "endif"});
      branches.push_back({condition, body});
      const std::string_view end = take().text;
      if (end == "endif") break;
      if (condition == nullptr) refuse("{% " + std::string(end) + " %} after {% else %}");
      condition = end == "elif" ? parse_tuple(false) : nullptr;
    }
    return arena_.copy(branches);
  }

  const LoopParts* parse_for() {
    LoopParts loop{};
    loop.target = parse_target();
    if (!skip_name("in")) refuse_token("'in'");
    loop.iterable = parse_tuple(false, "recursive");
    if (skip_name("if")) loop.condition = parse_expression();
    loop.recursive = skip_name("recursive");
    const bool outer_used = std::exchange(used_[kLoopName], false);
    ++loops_;
    end_block();
    loop.body = parse_body({"endfor", "else"});
    --loops_;
    loop.uses_loop = used_[kLoopName];
    if (take().text == "else") loop.otherwise = parse_block("endfor");
    used_[kLoopName] |= outer_used;
    return arena_.make(loop);
  }

  void parse_set(Statement& statement) {
    statement.target = parse_target();
    if (skip_operator("=")) {
      statement.kind = StatementKind::kSet;
      statement.value = parse_tuple(true);
      return;
    }
    statement.kind = StatementKind::kSetBlock;
    if (statement.target->kind == ExprKind::kTuple) refuse("a {% set %} block has one target");
    statement.value = parse_filters(store(make(ExprKind::kBlockText)), false);
    statement.body = parse_block("endset");
  }

  // (a, b=1): parameters; one without default may not follow one with.
  std::span<const MacroParameter> parse_parameters() {
    std::vector<MacroParameter> out;
    expect_operator("(");
    while (!is_operator(")")) {
      if (!out.empty()) expect_operator(",");
      MacroParameter parameter{};
      parameter.name = expect_name("the name of a parameter");
      parameter.name_id = name_id(parameter.name);
      if (skip_operator("=")) {
        parameter.otherwise = parse_expression();
      } else if (!out.empty() && out.back().otherwise != nullptr) {
        refuse("the parameter '" + std::string(parameter.name) + "' needs a default");
      }
      out.push_back(parameter);
    }
    expect_operator(")");
    return arena_.copy(out);
  }

  // The body of a macro or a {% call %} block.
  MacroParts parse_macro_body(std::string_view name, std::span<const MacroParameter> parameters,
                              std::string_view end) {
    MacroParts macro{};
    macro.name = name;
    macro.name_id = name_id(name);
    macro.parameters = parameters;
    const int loops = std::exchange(loops_, 0);
    bool outer[kFirstFreeName];
    std::copy(std::begin(used_), std::end(used_), outer);
    used_[kCallerName] = used_[kVarargsName] = used_[kKwargsName] = false;
    macro.body = parse_block(end);
    macro.takes_caller = used_[kCallerName];
    macro.takes_varargs = used_[kVarargsName];
    macro.takes_kwargs = used_[kKwargsName];
    for (const std::uint32_t id : {kCallerName, kVarargsName, kKwargsName}) used_[id] = outer[id];
    loops_ = loops;
    return macro;
  }

  const MacroParts* parse_macro() {
    const std::string_view name = expect_name("the name of a macro");
    const std::span<const MacroParameter> parameters = parse_parameters();
    return arena_.make(parse_macro_body(name, parameters, "endmacro"));
  }

  void parse_call(Statement& statement) {
    statement.kind = StatementKind::kCallBlock;
    std::span<const MacroParameter> parameters;
    if (is_operator("(")) parameters = parse_parameters();
    statement.value = parse_expression();
    if (statement.value->kind != ExprKind::kCall) refuse("{% call %} needs the call of a macro");
    statement.macro = arena_.make(parse_macro_body("caller", parameters, "endcall"));
  }

  void parse_with(Statement& statement) {
    statement.kind = StatementKind::kWith;
    std::vector<WithBinding> bindings;
    while (current().type != TokenType::kBlockEnd) {
      if (!bindings.empty()) expect_operator(",");
      const Expr* target = parse_target_of_with();
      expect_operator("=");
      bindings.push_back({target, parse_expression()});
    }
    statement.bindings = arena_.copy(bindings);
    statement.body = parse_block("endwith");
  }

  const Expr* parse_target_of_with() {
    Expr node = make(ExprKind::kName);
    node.name = expect_name("the name of a variable");
    node.name_id = name_id(node.name);
    return store(node);
  }

  int loops_ = 0;  // around the current statement, within its macro
};

}  // namespace

ParsedTemplate parse_template(std::string_view source, Arena& arena, Location& location) {
  return StatementParser(tokenize(source, arena, location), arena, location).run();
}

}  // namespace parley::text::jinja
