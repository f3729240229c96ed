// What follows a primary: attributes, subscripts, calls, filters and tests.
#include <algorithm>

#include "prompt/jinja/expression_parser.hpp"

namespace parley::text::jinja {

const Expr* ExpressionParser::parse_postfix(const Expr* node) {
  while (true) {
    if (is_operator(".") || is_operator("[")) {
      node = parse_subscript(node);
    } else if (is_operator("(")) {
      const CallArguments* arguments = parse_arguments();
      Expr call = make(ExprKind::kCall, {node});
      call.arguments = arguments;
      node = store(call);
    } else {
      return node;
    }
  }
}

const Expr* ExpressionParser::parse_subscript(const Expr* node) {
  if (skip_operator("[")) return parse_index(node);
  expect_operator(".");
  if (current().type == TokenType::kName) {
    Expr attribute = make(ExprKind::kAttribute, {node});
    attribute.name = take().text;
    return store(attribute);
  }
  if (current().type != TokenType::kInteger) refuse_token("the name of an attribute");
  return store(make(ExprKind::kItem, {node, parse_number()}));
}

const Expr* ExpressionParser::parse_index(const Expr* node) {
  std::vector<const Expr*> parts = {nullptr, nullptr, nullptr};
  bool slice = false;
  std::size_t part = 0;
  while (!is_operator("]")) {
    if (skip_operator(":")) {
      slice = true;
      if (++part == parts.size()) refuse("a slice has at most three parts");
    } else if (parts[part] != nullptr) {
      refuse_token("']'");
    } else {
      parts[part] = slice ? parse_expression() : parse_tuple(true);
    }
  }
  expect_operator("]");
  if (slice) return store(make(ExprKind::kSlice, {node, parts[0], parts[1], parts[2]}));
  if (parts[0] == nullptr) refuse("an index is missing between [ and ]");
  return store(make(ExprKind::kItem, {node, parts[0]}));
}

const CallArguments* ExpressionParser::parse_arguments() {
  expect_operator("(");
  std::vector<const Expr*> positional;
  std::vector<KeywordArgument> named;
  CallArguments out;
  bool first = true;
  while (!is_operator(")")) {
    if (!first) expect_operator(",");
    first = false;
    if (is_operator(")")) break;
    if (skip_operator("*")) {
      if (out.star != nullptr || out.double_star != nullptr) refuse("one * and one ** at most");
      out.star = parse_expression();
    } else if (skip_operator("**")) {
      if (out.double_star != nullptr) refuse("one * and one ** at most");
      out.double_star = parse_expression();
    } else if (current().type == TokenType::kName && ahead().type == TokenType::kOperator &&
               ahead().text == "=") {
      if (out.double_star != nullptr) refuse("an argument after **");
      const std::string_view name = take().text;
      take();
      const bool twice = std::any_of(named.begin(), named.end(),
                                     [&](const auto& other) { return other.name == name; });
      if (twice) refuse("the argument '" + std::string(name) + "' is given twice");
      named.push_back({name, parse_expression()});
    } else {
      if (out.star != nullptr || out.double_star != nullptr || !named.empty()) {
        refuse("a positional argument after a named one");
      }
      positional.push_back(parse_expression());
    }
  }
  expect_operator(")");
  out.positional = arena_.copy(positional);
  out.named = arena_.copy(named);
  return arena_.make(out);
}

std::string_view ExpressionParser::parse_dotted_name(std::string_view what) {
  std::string_view name = expect_name(what);
  if (!is_operator(".")) return name;
  std::string dotted(name);
  while (skip_operator(".")) dotted += "." + std::string(expect_name(what));
  return arena_.copy(std::string_view(dotted));
}

// `start_inline`: node is what a {% filter %} block gave, and the first filter needs no '|'.
const Expr* ExpressionParser::parse_filters(const Expr* node, bool start_inline) {
  while (true) {
    if (start_inline || is_operator("|")) {
      if (!start_inline) take();
      start_inline = false;
      Expr filter = make(ExprKind::kFilter, {node});
      filter.name = parse_dotted_name("the name of a filter");
      filter.function = find_filter(filter.name);
      if (is_operator("(")) filter.arguments = parse_arguments();
      node = store(filter);
    } else if (is_name("is")) {
      node = parse_test(node);
    } else if (is_operator("(")) {
      const CallArguments* arguments = parse_arguments();
      Expr call = make(ExprKind::kCall, {node});
      call.arguments = arguments;
      node = store(call);
    } else {
      return node;
    }
  }
}

const Expr* ExpressionParser::parse_test(const Expr* node) {
  take();
  Expr test = make(ExprKind::kTest, {node});
  test.negated = skip_name("not");
  test.name = parse_dotted_name("the name of a test");
  test.function = find_test(test.name);
  if (is_operator("(")) {
    test.arguments = parse_arguments();
    return store(test);
  }
  const TokenType type = current().type;
  const bool operand = type == TokenType::kName || type == TokenType::kString ||
                       type == TokenType::kInteger || type == TokenType::kFloat ||
                       is_operator("(") || is_operator("[") || is_operator("{");
  if (operand && !is_name("else") && !is_name("or") && !is_name("and")) {
    if (is_name("is")) refuse("a second 'is' after a test");
    const std::vector<const Expr*> positional = {parse_postfix(parse_primary())};
    CallArguments arguments;
    arguments.positional = arena_.copy(positional);
    test.arguments = arena_.make(arguments);
  }
  return store(test);
}

}  // namespace parley::text::jinja
