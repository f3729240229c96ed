#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "dialogue/grammar_ast.hpp"

namespace parley::dialogue {
namespace {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    parts.push_back(trim(text.substr(from, to - from)));
    from = to + 1;
  }
  return parts;
}

// "Have [you|they] seen {t.title}?" to pieces.
class TextParser {
 public:
  TextParser(std::string_view text, std::string_view where, std::string_view context, int line)
      : text_(text), where_(where), context_(context), line_(line) {}

  Sequence parse() {
    Sequence sequence = parse_until_end(0);
    if (at_ < text_.size()) wrong(fmt::format("'{}' without its opening bracket", text_[at_]));
    return sequence;
  }

 private:
  Sequence parse_until_end(int depth) {
    if (depth > 16) wrong("brackets nested deeper than 16");
    Sequence sequence;
    std::string literal;
    const auto flush = [&] {
      if (literal.empty()) return;
      Piece piece;
      piece.text = std::move(literal);
      sequence.push_back(std::move(piece));
      literal.clear();
    };
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        literal += text_[at_ + 1];
        at_ += 2;
      } else if (c == '{') {
        flush();
        sequence.push_back(parse_name());
      } else if (c == '[') {
        flush();
        sequence.push_back(parse_choice(depth));
      } else if (c == ']' || c == '}' || (c == '|' && depth > 0)) {
        break;
      } else {
        literal += c;
        ++at_;
      }
    }
    flush();
    return sequence;
  }

  Piece parse_choice(int depth) {
    Piece piece;
    piece.kind = Piece::Kind::kChoice;
    do {
      ++at_;  // '[' or '|'
      piece.options.push_back(parse_until_end(depth + 1));
    } while (at_ < text_.size() && text_[at_] == '|');
    if (at_ >= text_.size() || text_[at_] != ']') wrong("'[' without ']'");
    ++at_;
    return piece;
  }

  Piece parse_name() {
    const std::size_t close = text_.find('}', at_);
    if (close == std::string_view::npos) wrong("'{' without '}'");
    const std::string_view inside = text_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    Piece piece;
    piece.kind = Piece::Kind::kName;
    const auto parts = split(inside, '|');
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (std::find(modifier_names().begin(), modifier_names().end(), parts[i]) ==
          modifier_names().end()) {
        wrong(fmt::format("unknown modifier '{}'{}", parts[i],
                          did_you_mean(parts[i], modifier_names())));
      }
      piece.modifiers.emplace_back(parts[i]);
    }
    bool first = true;
    for (const std::string_view word : split(parts[0], ' ')) {
      if (first) {
        const std::size_t dot = word.find('.');
        piece.text = word.substr(0, dot);
        if (dot != std::string_view::npos) piece.field = word.substr(dot + 1);
        if (!is_name(piece.text) || (dot != std::string_view::npos && !is_name(piece.field))) {
          wrong(fmt::format("expected {{rule}} or {{variable.column}}, found '{{{}}}'", inside));
        }
        first = false;
      } else {
        const std::size_t equal = word.find('=');
        if (equal == std::string_view::npos || !is_name(word.substr(0, equal)) ||
            !is_name(word.substr(equal + 1))) {
          wrong(fmt::format("expected variable=variable after a rule's name, found '{}'", word));
        }
        piece.renames.emplace_back(word.substr(0, equal), word.substr(equal + 1));
      }
    }
    return piece;
  }

  [[noreturn]] void wrong(const std::string& what) const {
    yaml::fail_at(where_, line_, fmt::format("{}{} in \"{}\"", context_, what, text_.substr(0, 80)),
                  "write \\{ or \\[ for a bracket that is meant as text");
  }

  std::string_view text_;
  std::string_view where_, context_;
  int line_;
  std::size_t at_ = 0;
};

class Parser {
 public:
  Parser(std::string_view where, std::filesystem::path folder) : folder_(std::move(folder)) {
    grammar_.where = where;
  }

  Grammar parse(const yaml::Value& root) {
    need_map(root, "the grammar");
    keys(root, {"tables", "noise", "rules", "scenes", "dialogues"});
    if (const auto* tables = root.find("tables")) parse_tables(*tables);
    if (const auto* noise = root.find("noise")) parse_noise(*noise);
    if (const auto* rules = root.find("rules")) {
      need_map(*rules, "rules");
      for (const yaml::Entry& entry : rules->entries) {
        need_name(entry.key, entry.line);
        context_ = "rule '" + entry.key + "': ";
        grammar_.rules[entry.key] = parse_rule(entry.value, entry.line);
      }
    }
    if (const auto* scenes = root.find("scenes")) {
      context_.clear();
      need_map(*scenes, "scenes");
      for (const yaml::Entry& entry : scenes->entries) {
        need_name(entry.key, entry.line);
        context_ = "scene '" + entry.key + "': ";
        Scene scene;
        scene.line = entry.line;
        scene.name = entry.key;
        scene.steps = parse_steps(entry.value, 0);
        grammar_.scenes[entry.key] = std::move(scene);
      }
    }
    context_.clear();
    const auto* dialogues = root.find("dialogues");
    if (!dialogues)
      wrong(root.line, "missing 'dialogues'",
            "add 'dialogues:', a list of plans; see docs/grammar.md");
    need_list(*dialogues, "dialogues");
    for (const yaml::Value& item : dialogues->items) parse_dialogue(item);
    if (grammar_.dialogues.empty()) wrong(dialogues->line, "'dialogues' is empty");
    return std::move(grammar_);
  }

 private:
  void parse_tables(const yaml::Value& tables) {
    need_map(tables, "tables");
    for (const yaml::Entry& entry : tables.entries) {
      need_name(entry.key, entry.line);
      context_ = "table '" + entry.key + "': ";
      const yaml::Value& spec = entry.value;
      if (spec.is_list()) {
        grammar_.tables[entry.key] = table_of_rows(spec, grammar_.where, entry.key, "", "");
        continue;
      }
      need_map(spec, "a table");
      keys(spec, {"file", "rows", "lists", "weight", "key"});
      const std::string weight = text_or(spec, "weight", ""), key = text_or(spec, "key", "");
      std::vector<std::string> lists;
      if (const auto* value = spec.find("lists")) {
        need_list(*value, "lists");
        for (const yaml::Value& item : value->items) lists.push_back(text(item));
      }
      if (const auto* rows = spec.find("rows")) {
        grammar_.tables[entry.key] = table_of_rows(*rows, grammar_.where, entry.key, weight, key);
      } else if (const auto* file = spec.find("file")) {
        grammar_.tables[entry.key] =
            read_table(folder_ / text(*file), entry.key, lists, weight, key);
      } else {
        wrong(spec.line, "expected 'file' or 'rows'");
      }
    }
    context_.clear();
  }

  void parse_noise(const yaml::Value& noise) {
    need_map(noise, "noise");
    keys(noise, {"lower", "no_punctuation", "typo", "before", "after"});
    grammar_.noise.lower = share(noise, "lower");
    grammar_.noise.no_punctuation = share(noise, "no_punctuation");
    grammar_.noise.typo = share(noise, "typo");
    if (const auto* before = noise.find("before")) grammar_.noise.before = parse_filler(*before);
    if (const auto* after = noise.find("after")) grammar_.noise.after = parse_filler(*after);
  }

  Filler parse_filler(const yaml::Value& value) const {
    need_map(value, "noise");
    keys(value, {"chance", "rule"});
    const auto* rule = value.find("rule");
    if (!rule) wrong(value.line, "missing 'rule'");
    return {value.line, share(value, "chance"), text(*rule)};
  }

  void parse_dialogue(const yaml::Value& item) {
    need_map(item, "a dialogue");
    keys(item, {"name", "weight", "steps"});
    Scene dialogue;
    dialogue.line = item.line;
    dialogue.name = text_or(item, "name", "");
    context_ = "dialogue '" + dialogue.name + "': ";
    dialogue.weight = weight(item);
    const auto* steps = item.find("steps");
    if (!steps) wrong(item.line, "missing 'steps'");
    dialogue.steps = parse_steps(*steps, 0);
    grammar_.dialogues.push_back(std::move(dialogue));
    context_.clear();
  }

  std::vector<Step> parse_steps(const yaml::Value& list, int depth) {
    need_list(list, "steps");
    if (depth > 16) wrong(list.line, "steps nested deeper than 16");
    std::vector<Step> steps;
    for (const yaml::Value& item : list.items) steps.push_back(parse_step(item, depth));
    return steps;
  }

  Step parse_step(const yaml::Value& item, int depth) {
    Step step;
    step.line = item.line;
    if (item.is_scalar()) {  // a scene's name
      step.kind = Step::Kind::kScene;
      step.scene = item.text;
      return step;
    }
    need_map(item, "a step");
    if (const auto* binds = item.find("bind")) parse_binds(*binds, step.binds);
    if (const auto* one_of = item.find("one_of")) {
      keys(item, {"one_of", "bind"});
      step.kind = Step::Kind::kOneOf;
      step.branches = parse_branches(*one_of, depth);
    } else if (item.find("maybe")) {
      keys(item, {"maybe", "bind", "steps", "scene"});
      step.kind = Step::Kind::kMaybe;
      step.chance = share(item, "maybe");
      Branch branch;
      branch.line = item.line;
      if (const auto* steps = item.find("steps")) {
        branch.steps = parse_steps(*steps, depth + 1);
      } else if (const auto* scene = item.find("scene")) {
        branch.steps = {parse_step(*scene, depth + 1)};
      } else {
        wrong(item.line, "'maybe' needs 'steps' or 'scene'");
      }
      step.branches.push_back(std::move(branch));
    } else if (const auto* some = item.find("some")) {
      keys(item, {"some", "of", "bind"});
      step.kind = Step::Kind::kSome;
      parse_range(*some, step);
      const auto* of = item.find("of");
      if (!of) wrong(item.line, "'some' needs 'of'");
      step.branches = parse_branches(*of, depth);
      if (step.most > static_cast<int>(step.branches.size())) {
        wrong(some->line,
              fmt::format("'some' asks for {} of {} branches", step.most, step.branches.size()));
      }
    } else if (const auto* scene = item.find("scene")) {
      keys(item, {"scene", "with", "bind"});
      step.kind = Step::Kind::kScene;
      step.scene = text(*scene);
      if (const auto* with = item.find("with")) {
        need_map(*with, "with");
        for (const yaml::Entry& entry : with->entries)
          step.renames.emplace_back(entry.key, text(entry.value));
      }
    } else {
      keys(item, {"user", "assistant", "bind", "one_of", "maybe", "some", "scene"});
      const auto* user = item.find("user");
      const auto* assistant = item.find("assistant");
      if (!user != !assistant) {
        wrong(item.line, fmt::format("a turn needs both 'user' and 'assistant', '{}' is missing",
                                     user ? "assistant" : "user"));
      }
      if (!user && step.binds.empty()) wrong(item.line, "an empty step");
      if (user) {
        step.user = parse_rule(*user, user->line);
        step.assistant = parse_rule(*assistant, assistant->line);
      }
    }
    return step;
  }

  std::vector<Branch> parse_branches(const yaml::Value& list, int depth) {
    need_list(list, "branches");
    if (list.items.empty()) wrong(list.line, "no branches to choose from");
    std::vector<Branch> branches;
    for (const yaml::Value& item : list.items) {
      Branch branch;
      branch.line = item.line;
      if (item.is_map() && item.find("steps")) {
        keys(item, {"steps", "weight", "when"});
        branch.weight = weight(item);
        if (const auto* when = item.find("when")) branch.when = parse_conditions(*when, false);
        branch.steps = parse_steps(*item.find("steps"), depth + 1);
      } else if (item.is_map() && item.find("scene")) {
        keys(item, {"scene", "with", "weight", "when"});
        branch.weight = weight(item);
        if (const auto* when = item.find("when")) branch.when = parse_conditions(*when, false);
        yaml::Value bare = item;
        std::erase_if(bare.entries,
                      [](const yaml::Entry& e) { return e.key == "weight" || e.key == "when"; });
        branch.steps = {parse_step(bare, depth + 1)};
      } else {
        branch.steps = {parse_step(item, depth + 1)};
      }
      branches.push_back(std::move(branch));
    }
    return branches;
  }

  void parse_range(const yaml::Value& value, Step& step) {
    const auto parts = split(value.text, '-');
    yaml::Value low = value, high = value;
    low.text = parts[0];
    high.text = parts.back();
    const auto least = low.as_integer(), most = high.as_integer();
    if (!value.is_scalar() || parts.size() > 2 || !least || !most || *least < 0 || *most < *least ||
        *most > 100) {
      wrong(value.line,
            "some: expected a count like 2 or a range like 0-3, found " + yaml::describe(value));
    }
    step.least = static_cast<int>(*least);
    step.most = static_cast<int>(*most);
  }

  void parse_binds(const yaml::Value& map, std::vector<Bind>& binds) {
    need_map(map, "bind");
    for (const yaml::Entry& entry : map.entries) {
      need_name(entry.key, entry.line);
      Bind bind;
      bind.line = entry.line;
      bind.variable = entry.key;
      if (entry.value.is_scalar()) {
        bind.table = entry.value.text;
      } else {
        need_map(entry.value, "bind");
        keys(entry.value, {"from", "where", "any"});
        if (const auto* from = entry.value.find("from")) {
          bind.table = text(*from);
          if (const auto* where = entry.value.find("where"))
            bind.where = parse_conditions(*where, true);
        } else if (const auto* any = entry.value.find("any")) {
          bind.any = operand(text(*any));
          if (bind.any.variable.empty())
            wrong(any->line, "any: expected variable.column, found '" + any->text + "'");
        } else {
          wrong(entry.line, "expected 'from: TABLE' or 'any: variable.column'");
        }
      }
      binds.push_back(std::move(bind));
    }
  }

  std::vector<Condition> parse_conditions(const yaml::Value& value, bool left_is_column) {
    std::vector<Condition> conditions;
    if (value.is_scalar()) {
      conditions.push_back(parse_condition(value, left_is_column));
    } else {
      need_list(value, "conditions");
      for (const yaml::Value& item : value.items)
        conditions.push_back(parse_condition(item, left_is_column));
    }
    return conditions;
  }

  Condition parse_condition(const yaml::Value& value, bool left_is_column) {
    using Op = Condition::Op;
    static const std::vector<std::pair<std::string, Op>> kOps = {
        {"!=", Op::kNotEqual}, {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual},
        {"=", Op::kEqual},     {"<", Op::kLess},       {">", Op::kGreater},
        {"has", Op::kHas},     {"lacks", Op::kLacks},  {"shares", Op::kShares}};
    const std::string whole = text(value);
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
        condition.left = operand(left);
        if (left_is_column) {
          if (!is_name(left))
            wrong(value.line,
                  "where: expected a column before '" + word + "', found '" + left + "'");
          condition.left = {"", left, ""};
        } else if (condition.left.variable.empty()) {
          wrong(value.line,
                "when: expected variable.column before '" + word + "', found '" + left + "'");
        }
        condition.right = operand(std::string(trim(whole.substr(second + 1))));
        return condition;
      }
    }
    wrong(value.line, "expected a condition like 'genre = horror', found '" + whole + "'",
          "operators: = != < <= > >= has lacks shares, with spaces around them");
  }

  static Operand operand(const std::string& word) {
    const std::size_t dot = word.find('.');
    if (dot != std::string::npos && is_name(word.substr(0, dot)) && is_name(word.substr(dot + 1))) {
      return {word.substr(0, dot), word.substr(dot + 1), ""};
    }
    return {"", "", word};
  }

  Rule parse_rule(const yaml::Value& value, int line) {
    Rule rule;
    rule.line = line;
    if (value.is_list()) {
      for (const yaml::Value& item : value.items)
        rule.alternatives.push_back(parse_alternative(item));
    } else {
      rule.alternatives.push_back(parse_alternative(value));
    }
    if (rule.alternatives.empty()) wrong(line, "no alternatives");
    return rule;
  }

  Alternative parse_alternative(const yaml::Value& value) {
    Alternative alternative;
    alternative.line = value.line;
    const yaml::Value* body = &value;
    if (value.is_map()) {
      keys(value, {"text", "weight", "when"});
      body = value.find("text");
      if (!body)
        wrong(value.line, "missing 'text'", "a text with { at its start needs quotes in YAML");
      alternative.weight = weight(value);
      if (const auto* when = value.find("when")) alternative.when = parse_conditions(*when, false);
    }
    if (!body->is_scalar()) wrong(body->line, "expected text, found " + yaml::describe(*body));
    alternative.text = TextParser(body->text, grammar_.where, context_, body->line).parse();
    return alternative;
  }

  // --- small readers ---
  std::string text(const yaml::Value& value) const {
    if (!value.is_scalar()) wrong(value.line, "expected text, found " + yaml::describe(value));
    return value.text;
  }
  std::string text_or(const yaml::Value& map, const char* key, const char* otherwise) const {
    const auto* value = map.find(key);
    return value ? text(*value) : otherwise;
  }
  double weight(const yaml::Value& map) const {
    const auto* value = map.find("weight");
    if (!value) return 1;
    const auto number = value->as_number();
    if (!number || *number < 0 || *number > 1e6) {
      wrong(value->line,
            "weight: expected a number from 0 to 1000000, found " + yaml::describe(*value));
    }
    return *number;
  }
  double share(const yaml::Value& map, const char* key) const {
    const auto* value = map.find(key);
    if (!value) return 0;
    const auto number = value->as_number();
    if (!number || *number < 0 || *number > 1) {
      wrong(value->line,
            fmt::format("{}: expected a share from 0 to 1, found {}", key, yaml::describe(*value)));
    }
    return *number;
  }
  void keys(const yaml::Value& map, const std::vector<std::string>& known) const {
    for (const yaml::Entry& entry : map.entries) {
      if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
        wrong(entry.line, "unknown key '" + entry.key + "'" + did_you_mean(entry.key, known));
      }
    }
  }
  void need_map(const yaml::Value& value, const char* what) const {
    if (!value.is_map())
      wrong(value.line, fmt::format("{}: expected a map, found {}", what, yaml::describe(value)));
  }
  void need_list(const yaml::Value& value, const char* what) const {
    if (!value.is_list())
      wrong(value.line, fmt::format("{}: expected a list, found {}", what, yaml::describe(value)));
  }
  void need_name(const std::string& name, int line) const {
    if (!is_name(name))
      wrong(line, "expected a name of letters, digits and _, found '" + name + "'");
  }
  [[noreturn]] void wrong(int line, const std::string& what, std::string hint = {}) const {
    yaml::fail_at(grammar_.where, line, context_ + what, std::move(hint));
  }

  std::filesystem::path folder_;
  std::string context_;  // "rule 'x': ", for errors
  Grammar grammar_;
};

}  // namespace

const std::vector<std::string>& modifier_names() {
  static const std::vector<std::string> names = {"lower", "upper", "cap",       "a",
                                                 "any",   "first", "last",      "or",
                                                 "comma", "count", "last_word", "first_word"};
  return names;
}

Grammar parse_grammar_text(std::string_view text, std::string_view where,
                           const std::filesystem::path& folder) {
  return Parser(where, folder).parse(yaml::parse(text, where));
}

Grammar parse_grammar(const std::filesystem::path& path) {
  return Parser(path.filename().string(), path.parent_path()).parse(yaml::load(path));
}

}  // namespace parley::dialogue
