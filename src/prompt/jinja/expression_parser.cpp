// The steps through the tokens, the nodes, and the operators from the loosest to the tightest.
#include "prompt/jinja/expression_parser.hpp"

#include <algorithm>

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

}  // namespace parley::text::jinja
