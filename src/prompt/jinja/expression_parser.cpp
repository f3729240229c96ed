#include "prompt/jinja/expression_parser.hpp"

#include <algorithm>

#include "prompt/jinja/values/python_number.hpp"

namespace parley::text::jinja {
namespace {

constexpr std::string_view kCompareSigns[] = {"==", "!=", "<", "<=", ">", ">="};

}  // namespace

ExpressionParser::ExpressionParser(std::vector<Token> tokens, Arena& arena, Location& location)
    : arena_(arena), location_(location), tokens_(std::move(tokens)) {
  location_.line = current().line;
  for (const std::string_view name : {"loop", "caller", "varargs", "kwargs"}) name_id(name);
}

// --- tokens ------------------------------------------------------------------------------------

Token ExpressionParser::take() {
  const Token token = current();
  if (at_ + 1 < tokens_.size()) ++at_;
  location_.line = current().line;
  return token;
}

bool ExpressionParser::is_operator(std::string_view text) const {
  return current().type == TokenType::kOperator && current().text == text;
}

bool ExpressionParser::is_name(std::string_view text) const {
  return current().type == TokenType::kName && current().text == text;
}

bool ExpressionParser::skip_operator(std::string_view text) {
  if (!is_operator(text)) return false;
  take();
  return true;
}

bool ExpressionParser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}

void ExpressionParser::expect_operator(std::string_view text) {
  if (!skip_operator(text)) refuse_token("'" + std::string(text) + "'");
}

std::string_view ExpressionParser::expect_name(std::string_view what) {
  if (current().type != TokenType::kName) refuse_token(what);
  return take().text;
}

void ExpressionParser::refuse(const std::string& message) const {
  location_.refuse(ErrorKind::kInvalidInput, message, "this is no valid Jinja template");
}

void ExpressionParser::refuse_token(std::string_view expected) const {
  refuse("expected " + std::string(expected) + ", found '" +
         std::string(current().text.substr(0, 40)) + "'");
}

void ExpressionParser::refuse_depth() const {
  location_.refuse(ErrorKind::kLimit,
                   "the template nests deeper than " + std::to_string(kMaxSyntaxDepth) + " levels",
                   "the template may be broken or hostile");
}

// --- nodes -------------------------------------------------------------------------------------

std::uint32_t ExpressionParser::name_id(std::string_view name) {
  const auto next = static_cast<std::uint32_t>(names_.size());
  return names_.emplace(name, next).first->second;
}

Expr ExpressionParser::make(ExprKind kind, const std::vector<const Expr*>& children) {
  Expr node;
  node.kind = kind;
  const bool has_first = !children.empty() && children[0] != nullptr;
  node.line = has_first ? children[0]->line : current().line;
  for (const Expr* child : children) {
    if (child != nullptr) node.depth = std::max(node.depth, child->depth + 1);
  }
  if (node.depth > kMaxSyntaxDepth) refuse_depth();
  node.children = arena_.copy(children);
  return node;
}

const Expr* ExpressionParser::store(Expr node) {
  return arena_.make(node);
}

// --- operators, loosest first ------------------------------------------------------------------

const Expr* ExpressionParser::parse_expression(bool with_conditional) {
  const Nesting nesting(*this);
  const Expr* node = parse_or();
  while (with_conditional && skip_name("if")) {
    const Expr* condition = parse_or();
    const Expr* otherwise = skip_name("else") ? parse_expression() : nullptr;
    node = store(make(ExprKind::kConditional, {condition, node, otherwise}));
  }
  return node;
}

const Expr* ExpressionParser::parse_or() {
  const Expr* node = parse_and();
  while (skip_name("or")) node = store(make(ExprKind::kOr, {node, parse_and()}));
  return node;
}

const Expr* ExpressionParser::parse_and() {
  const Expr* node = parse_not();
  while (skip_name("and")) node = store(make(ExprKind::kAnd, {node, parse_not()}));
  return node;
}

const Expr* ExpressionParser::parse_not() {
  if (!is_name("not")) return parse_compare();
  const Nesting nesting(*this);
  take();
  return store(make(ExprKind::kNot, {parse_not()}));
}

const Expr* ExpressionParser::parse_compare() {
  std::vector<const Expr*> operands = {parse_sum()};
  std::vector<CompareOp> ops;
  while (true) {
    if (current().type == TokenType::kOperator) {
      const auto* const sign =
          std::find(std::begin(kCompareSigns), std::end(kCompareSigns), current().text);
      if (sign == std::end(kCompareSigns)) break;
      ops.push_back(static_cast<CompareOp>(sign - std::begin(kCompareSigns)));
      take();
    } else if (skip_name("in")) {
      ops.push_back(CompareOp::kIn);
    } else if (is_name("not") && ahead().type == TokenType::kName && ahead().text == "in") {
      take();
      take();
      ops.push_back(CompareOp::kNotIn);
    } else {
      break;
    }
    operands.push_back(parse_sum());
  }
  if (ops.empty()) return operands[0];
  Expr node = make(ExprKind::kCompare, operands);
  node.compare_ops = arena_.copy(ops);
  return store(node);
}

const Expr* ExpressionParser::parse_sum() {
  const Expr* node = parse_concat();
  while (is_operator("+") || is_operator("-")) {
    const BinaryOp op = take().text == "+" ? BinaryOp::kAdd : BinaryOp::kSubtract;
    Expr sum = make(ExprKind::kBinary, {node, parse_concat()});
    sum.op = op;
    node = store(sum);
  }
  return node;
}

const Expr* ExpressionParser::parse_concat() {
  std::vector<const Expr*> parts = {parse_product()};
  while (skip_operator("~")) parts.push_back(parse_product());
  return parts.size() == 1 ? parts[0] : store(make(ExprKind::kConcat, parts));
}

const Expr* ExpressionParser::parse_product() {
  const Expr* node = parse_power();
  while (true) {
    BinaryOp op;
    if (is_operator("*")) {
      op = BinaryOp::kMultiply;
    } else if (is_operator("/")) {
      op = BinaryOp::kDivide;
    } else if (is_operator("//")) {
      op = BinaryOp::kFloorDivide;
    } else if (is_operator("%")) {
      op = BinaryOp::kModulo;
    } else {
      return node;
    }
    take();
    Expr product = make(ExprKind::kBinary, {node, parse_power()});
    product.op = op;
    node = store(product);
  }
}

const Expr* ExpressionParser::parse_power() {
  const Expr* node = parse_unary();
  while (skip_operator("**")) {
    Expr power = make(ExprKind::kBinary, {node, parse_unary()});
    power.op = BinaryOp::kPower;
    node = store(power);
  }
  return node;
}

const Expr* ExpressionParser::parse_unary(bool with_filters) {
  const Nesting nesting(*this);
  const Expr* node = nullptr;
  if (skip_operator("-")) {
    node = store(make(ExprKind::kNegative, {parse_unary(false)}));
  } else if (skip_operator("+")) {
    node = store(make(ExprKind::kPositive, {parse_unary(false)}));
  } else {
    node = parse_primary();
  }
  node = parse_postfix(node);
  return with_filters ? parse_filters(node, false) : node;
}

// --- primaries ---------------------------------------------------------------------------------

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

// --- what follows a primary --------------------------------------------------------------------

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
