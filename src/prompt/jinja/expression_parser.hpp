// Expressions: Jinja's grammar, which is not quite Python's (filters bind tighter than unary minus
// is written, `**` is left-associative).
#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "prompt/jinja/ast.hpp"
#include "prompt/jinja/lexer.hpp"
#include "prompt/jinja/parser.hpp"

namespace parley::text::jinja {

class ExpressionParser {
 public:
  ExpressionParser(std::vector<Token> tokens, Arena& arena, Location& location);

 protected:
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take();
  bool is_operator(std::string_view text) const;
  bool is_name(std::string_view text) const;
  bool skip_operator(std::string_view text);
  bool skip_name(std::string_view text);
  void expect_operator(std::string_view text);
  std::string_view expect_name(std::string_view what);
  [[noreturn]] void refuse(const std::string& message) const;
  [[noreturn]] void refuse_token(std::string_view expected) const;

  const Expr* parse_expression(bool with_conditional = true);
  // One expression, or several with commas between them, which are a tuple.
  const Expr* parse_tuple(bool with_conditional, std::string_view stop_name = {});
  const Expr* parse_target();  // what {% set %} and {% for %} assign to
  const Expr* parse_postfix(const Expr* node);
  const Expr* parse_filters(const Expr* node, bool start_inline);
  const Expr* parse_unary(bool with_filters = true);

  std::uint32_t name_id(std::string_view name);
  Expr make(ExprKind kind, const std::vector<const Expr*>& children = {});
  const Expr* store(Expr node);

  // Bounds the recursion of the parser.
  class Nesting {
   public:
    explicit Nesting(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.nesting_ > kMaxSyntaxDepth) parser_.refuse_depth();
    }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    ExpressionParser& parser_;
  };

  // Which of the interpreter's own names have been read; a macro or loop looks at it for its body.
  bool used_[kFirstFreeName] = {};
  Arena& arena_;
  Location& location_;

 private:
  [[noreturn]] void refuse_depth() const;
  // operators (expression_parser.cpp)
  const Expr* parse_or();
  const Expr* parse_and();
  const Expr* parse_not();
  const Expr* parse_compare();
  const Expr* parse_sum();
  const Expr* parse_concat();
  const Expr* parse_product();
  const Expr* parse_power();

  // primaries and targets (expression_parser_primary.cpp)
  const Expr* parse_primary();
  const Expr* parse_name();
  const Expr* parse_number();
  const Expr* parse_list();
  const Expr* parse_dict();
  bool at_tuple_end(std::string_view stop_name) const;
  const Expr* parse_target_item();

  // what follows a primary (expression_parser_postfix.cpp)
  const Expr* parse_subscript(const Expr* node);
  const Expr* parse_index(const Expr* node);
  const Expr* parse_test(const Expr* node);
  const CallArguments* parse_arguments();
  std::string_view parse_dotted_name(std::string_view what);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::unordered_map<std::string_view, std::uint32_t> names_;

 protected:
  std::uint32_t name_count() const { return static_cast<std::uint32_t>(names_.size()); }
};

}  // namespace parley::text::jinja
