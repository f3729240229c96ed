#include <fmt/format.h>

#include <set>

#include "base/suggest.hpp"
#include "dialogue/grammar_ast.hpp"

namespace parley::dialogue {
namespace {

using Scope = std::map<std::string, const Table*>;  // null: a bound text

class Checker {
 public:
  explicit Checker(const Grammar& grammar) : grammar_(grammar) {}

  void run() {
    for (const auto& [name, rule] : grammar_.rules) rule_names_.push_back(name);
    for (const auto& [name, scene] : grammar_.scenes) scene_names_.push_back(name);
    for (const auto& [name, table] : grammar_.tables) table_names_.push_back(name);
    place_ = "noise";
    for (const Filler& filler : {grammar_.noise.before, grammar_.noise.after}) {
      if (filler.rule.empty()) continue;
      Piece use;
      use.kind = Piece::Kind::kName;
      use.text = filler.rule;
      sequence({use}, {}, filler.line);
    }
    double total = 0;
    for (const Scene& dialogue : grammar_.dialogues) {
      place_ = "dialogue '" + dialogue.name + "'";
      steps(dialogue.steps, {});
      total += dialogue.weight;
    }
    if (total <= 0)
      yaml::fail_at(grammar_.where, grammar_.dialogues[0].line, "every dialogue has weight 0");
  }

 private:
  void steps(const std::vector<Step>& list, Scope scope) {
    for (const Step& step : list) {
      for (const Bind& bind : step.binds) bind_variable(bind, scope);
      rule(step.user, scope);
      rule(step.assistant, scope);
      for (const Branch& branch : step.branches) {
        conditions(branch.when, scope, nullptr);
        steps(branch.steps, scope);
      }
      if (step.kind == Step::Kind::kScene) scene(step, scope);
    }
  }

  void scene(const Step& step, Scope scope) {
    const auto found = grammar_.scenes.find(step.scene);
    if (found == grammar_.scenes.end()) {
      wrong(step.line, fmt::format("unknown scene '{}'{}", step.scene,
                                   did_you_mean(step.scene, scene_names_)));
    }
    rename(step.renames, scope, step.line);
    if (!seen_.insert("scene " + signature(step.scene, scope)).second) return;
    const std::string outer = place_;
    place_ = "scene '" + step.scene + "'";
    steps(found->second.steps, scope);
    place_ = outer;
  }

  void bind_variable(const Bind& bind, Scope& scope) {
    if (grammar_.rules.count(bind.variable)) {
      wrong(bind.line, fmt::format("variable '{}' has the name of a rule", bind.variable),
            "rename one of them");
    }
    if (bind.table.empty()) {
      operand(bind.any, scope, bind.line);
      scope[bind.variable] = nullptr;
      return;
    }
    const auto found = grammar_.tables.find(bind.table);
    if (found == grammar_.tables.end()) {
      wrong(bind.line, fmt::format("unknown table '{}'{}", bind.table,
                                   did_you_mean(bind.table, table_names_)));
    }
    conditions(bind.where, scope, &found->second);
    scope[bind.variable] = &found->second;
  }

  void conditions(const std::vector<Condition>& list, const Scope& scope, const Table* table) {
    for (const Condition& condition : list) {
      if (table) {
        column(*table, condition.left.field, condition.line);
      } else {
        operand(condition.left, scope, condition.line);
      }
      operand(condition.right, scope, condition.line);
    }
  }

  void operand(const Operand& operand, const Scope& scope, int line) {
    if (operand.variable.empty()) return;
    const Table* table = variable(operand.variable, scope, line);
    if (!table)
      wrong(line,
            fmt::format("'{}' is a text and has no column '{}'", operand.variable, operand.field));
    column(*table, operand.field, line);
  }

  const Table* variable(const std::string& name, const Scope& scope, int line) {
    const auto found = scope.find(name);
    if (found == scope.end()) {
      std::vector<std::string> names;
      for (const auto& [known, table] : scope) names.push_back(known);
      wrong(line, fmt::format("unknown variable '{}'{}", name, did_you_mean(name, names)),
            "bind it before this step: bind: {" + name + ": TABLE}");
    }
    return found->second;
  }

  void column(const Table& table, const std::string& name, int line) {
    if (table.column(name) >= 0) return;
    wrong(line, fmt::format("table '{}' has no column '{}'{}", table.name, name,
                            did_you_mean(name, table.columns)));
  }

  void rule(const Rule& rule, const Scope& scope) {
    for (const Alternative& alternative : rule.alternatives) {
      conditions(alternative.when, scope, nullptr);
      sequence(alternative.text, scope, alternative.line);
    }
  }

  void sequence(const Sequence& pieces, const Scope& scope, int line) {
    for (const Piece& piece : pieces) {
      for (const Sequence& option : piece.options) sequence(option, scope, line);
      if (piece.kind != Piece::Kind::kName) continue;
      if (!piece.field.empty()) {
        const Table* table = variable(piece.text, scope, line);
        if (!table)
          wrong(line,
                fmt::format("'{}' is a text and has no column '{}'", piece.text, piece.field));
        column(*table, piece.field, line);
        continue;
      }
      if (scope.count(piece.text)) continue;
      const auto found = grammar_.rules.find(piece.text);
      if (found == grammar_.rules.end()) {
        std::vector<std::string> names = rule_names_;
        for (const auto& [known, table] : scope) names.push_back(known);
        wrong(line, fmt::format("unknown rule or variable '{}'{}", piece.text,
                                did_you_mean(piece.text, names)));
      }
      Scope inner = scope;
      rename(piece.renames, inner, line);
      if (!seen_.insert("rule " + signature(piece.text, inner)).second) continue;
      const std::string outer = place_;
      place_ = "rule '" + piece.text + "'";
      this->rule(found->second, inner);
      place_ = outer;
    }
  }

  void rename(const std::vector<std::pair<std::string, std::string>>& renames, Scope& scope,
              int line) {
    Scope renamed = scope;
    for (const auto& [to, from] : renames) renamed[to] = variable(from, scope, line);
    scope = std::move(renamed);
  }

  static std::string signature(const std::string& name, const Scope& scope) {
    std::string text = name;
    for (const auto& [variable, table] : scope)
      text += " " + variable + ":" + (table ? table->name : "");
    return text;
  }

  [[noreturn]] void wrong(int line, const std::string& what, std::string hint = {}) const {
    yaml::fail_at(grammar_.where, line, place_ + ": " + what, std::move(hint));
  }

  const Grammar& grammar_;
  std::string place_;
  std::set<std::string> seen_;
  std::vector<std::string> rule_names_, scene_names_, table_names_;
};

}  // namespace

void check_grammar(const Grammar& grammar) {
  Checker(grammar).run();
}

}  // namespace parley::dialogue
