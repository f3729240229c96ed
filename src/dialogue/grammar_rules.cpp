#include "dialogue/grammar_rules.hpp"

namespace parley::dialogue {
namespace {

Condition parse_condition(const GrammarFields& fields, const yaml::Value& value,
                          bool left_is_column) {
  using Op = Condition::Op;
  static const std::vector<std::pair<std::string, Op>> kOps = {
      {"!=", Op::kNotEqual}, {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual},
      {"=", Op::kEqual},     {"<", Op::kLess},       {">", Op::kGreater},
      {"has", Op::kHas},     {"lacks", Op::kLacks},  {"shares", Op::kShares}};
  const std::string whole = fields.text(value);
  const std::size_t space = whole.find(' ');
  const std::size_t second = space == std::string::npos ? space : whole.find(' ', space + 1);
  if (second != std::string::npos) {
    const std::string word = whole.substr(space + 1, second - space - 1);
    for (const auto& [name, op] : kOps) {
      if (name != word) continue;
      Condition condition;
      condition.line = value.line;
      condition.op = op;
      const std::string left = whole.substr(0, space);
      condition.left = parse_operand(left);
      if (left_is_column) {
        if (!is_name(left))
          fields.wrong(value.line,
                       "where: expected a column before '" + word + "', found '" + left + "'");
        condition.left = {"", left, ""};
      } else if (condition.left.variable.empty()) {
        fields.wrong(value.line,
                     "when: expected variable.column before '" + word + "', found '" + left + "'");
      }
      condition.right = parse_operand(std::string(trim(whole.substr(second + 1))));
      return condition;
    }
  }
  fields.wrong(value.line, "expected a condition like 'genre = horror', found '" + whole + "'",
               "operators: = != < <= > >= has lacks shares, with spaces around them");
}

Alternative parse_alternative(const GrammarFields& fields, const yaml::Value& value) {
  Alternative alternative;
  alternative.line = value.line;
  const yaml::Value* body = &value;
  if (value.is_map()) {
    fields.keys(value, {"text", "weight", "when"});
    body = value.find("text");
    if (!body)
      fields.wrong(value.line, "missing 'text'", "a text with { at its start needs quotes in YAML");
    alternative.weight = fields.weight(value);
    if (const auto* when = value.find("when"))
      alternative.when = parse_conditions(fields, *when, false);
  }
  if (!body->is_scalar()) fields.wrong(body->line, "expected text, found " + yaml::describe(*body));
  alternative.text = parse_text(fields, body->text, body->line);
  return alternative;
}

}  // namespace

Operand parse_operand(const std::string& word) {
  const std::size_t dot = word.find('.');
  if (dot != std::string::npos && is_name(word.substr(0, dot)) && is_name(word.substr(dot + 1))) {
    return {word.substr(0, dot), word.substr(dot + 1), ""};
  }
  return {"", "", word};
}

std::vector<Condition> parse_conditions(const GrammarFields& fields, const yaml::Value& value,
                                        bool left_is_column) {
  std::vector<Condition> conditions;
  if (value.is_scalar()) {
    conditions.push_back(parse_condition(fields, value, left_is_column));
  } else {
    fields.need_list(value, "conditions");
    for (const yaml::Value& item : value.items)
      conditions.push_back(parse_condition(fields, item, left_is_column));
  }
  return conditions;
}

Rule parse_rule(const GrammarFields& fields, const yaml::Value& value, int line) {
  Rule rule;
  rule.line = line;
  if (value.is_list()) {
    for (const yaml::Value& item : value.items)
      rule.alternatives.push_back(parse_alternative(fields, item));
  } else {
    rule.alternatives.push_back(parse_alternative(fields, value));
  }
  if (rule.alternatives.empty()) fields.wrong(line, "no alternatives");
  return rule;
}

}  // namespace parley::dialogue
