// What expressions are made of: names, literals, lists, dicts, tuples, and what can be assigned to.
#include "prompt/jinja/expression_parser.hpp"
#include "prompt/jinja/values/python_number.hpp"

namespace parley::text::jinja {

const Expr* ExpressionParser::parse_primary() {
  switch (current().type) {
    case TokenType::kName:
      return parse_name();
    case TokenType::kInteger:
    case TokenType::kFloat:
      return parse_number();
    case TokenType::kString: {
      std::string joined;
      Expr node = make(ExprKind::kConst);
      const std::string_view first = take().text;
      node.value = Value::string(first, Author::kTemplate);
      if (current().type == TokenType::kString) {  // neighbours are one text
        joined = first;
        while (current().type == TokenType::kString) joined += take().text;
        node.value = Value::string(arena_.copy(std::string_view(joined)), Author::kTemplate);
      }
      return store(node);
    }
    default:
      break;
  }
  if (skip_operator("(")) {
    const Expr* node = is_operator(")") ? store(make(ExprKind::kTuple)) : parse_tuple(true);
    expect_operator(")");
    return node;
  }
  if (is_operator("[")) return parse_list();
  if (is_operator("{")) return parse_dict();
  refuse_token("an expression");
}

const Expr* ExpressionParser::parse_name() {
  Expr node = make(ExprKind::kConst);
  const std::string_view name = take().text;
  if (name == "true" || name == "True") {
    node.value = Value::boolean(true);
  } else if (name == "false" || name == "False") {
    node.value = Value::boolean(false);
  } else if (name == "none" || name == "None") {
    node.value = Value::none();
  } else {
    node.kind = ExprKind::kName;
    node.name = name;
    node.name_id = name_id(name);
    if (node.name_id < kFirstFreeName) used_[node.name_id] = true;
  }
  return store(node);
}

const Expr* ExpressionParser::parse_number() {
  Expr node = make(ExprKind::kConst);
  const Token token = take();
  if (token.type == TokenType::kFloat) {
    node.value = Value::real(parse_real(token.text).value_or(0));
    return store(node);
  }
  bool overflow = false;
  const auto value = parse_integer(token.text, 0, overflow);
  if (overflow) refuse("the integer " + std::string(token.text) + " does not fit in 64 bits");
  if (!value) refuse("'" + std::string(token.text) + "' is not a number");
  node.value = Value::integer(*value);
  return store(node);
}

const Expr* ExpressionParser::parse_list() {
  expect_operator("[");
  std::vector<const Expr*> items;
  while (!is_operator("]")) {
    if (!items.empty()) expect_operator(",");
    if (is_operator("]")) break;
    items.push_back(parse_expression());
  }
  expect_operator("]");
  return store(make(ExprKind::kList, items));
}

const Expr* ExpressionParser::parse_dict() {
  expect_operator("{");
  std::vector<const Expr*> items;
  while (!is_operator("}")) {
    if (!items.empty()) expect_operator(",");
    if (is_operator("}")) break;
    items.push_back(parse_expression());
    expect_operator(":");
    items.push_back(parse_expression());
  }
  expect_operator("}");
  return store(make(ExprKind::kDict, items));
}

bool ExpressionParser::at_tuple_end(std::string_view stop_name) const {
  const TokenType type = current().type;
  return type == TokenType::kOutputEnd || type == TokenType::kBlockEnd || is_operator(")") ||
         type == TokenType::kEnd || (!stop_name.empty() && is_name(stop_name));
}

const Expr* ExpressionParser::parse_tuple(bool with_conditional, std::string_view stop_name) {
  std::vector<const Expr*> items;
  bool comma = false;
  while (true) {
    if (!items.empty() && at_tuple_end(stop_name)) break;
    items.push_back(parse_expression(with_conditional));
    if (!is_operator(",")) break;
    comma = true;
    take();
  }
  return comma ? store(make(ExprKind::kTuple, items)) : items[0];
}

const Expr* ExpressionParser::parse_target() {
  const Nesting nesting(*this);
  std::vector<const Expr*> items;
  bool comma = false;
  while (true) {
    const bool done = is_name("in") || is_operator("=") || is_operator(")") ||
                      current().type == TokenType::kBlockEnd;
    if (!items.empty() && done) break;
    items.push_back(parse_target_item());
    if (!is_operator(",")) break;
    comma = true;
    take();
  }
  return comma ? store(make(ExprKind::kTuple, items)) : items[0];
}

const Expr* ExpressionParser::parse_target_item() {
  if (skip_operator("(")) {
    const Expr* node = parse_target();
    expect_operator(")");
    return node;
  }
  Expr node = make(ExprKind::kName);
  node.name = expect_name("the name of a variable");
  if (node.name == "true" || node.name == "false" || node.name == "none" || node.name == "True" ||
      node.name == "False" || node.name == "None") {
    refuse("'" + std::string(node.name) + "' cannot be assigned to");
  }
  node.name_id = name_id(node.name);
  const Expr* name = store(node);
  if (!skip_operator(".")) return name;
  Expr attribute = make(ExprKind::kAttribute, {name});
  attribute.name = expect_name("the name of an attribute");
  return store(attribute);
}

}  // namespace parley::text::jinja
