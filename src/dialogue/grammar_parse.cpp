// The whole of a grammar: its tables, noise, rules, scenes and dialogues, and the steps of these.
#include <fmt/format.h>

#include "dialogue/grammar_rules.hpp"

namespace parley::dialogue {
namespace {

class Parser : private GrammarFields {
 public:
  Parser(std::string_view file, std::filesystem::path folder)
      : GrammarFields{std::string(file), {}}, folder_(std::move(folder)) {
    grammar_.where = file;
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
        context = "rule '" + entry.key + "': ";
        grammar_.rules[entry.key] = parse_rule(*this, entry.value, entry.line);
      }
    }
    if (const auto* scenes = root.find("scenes")) {
      context.clear();
      need_map(*scenes, "scenes");
      for (const yaml::Entry& entry : scenes->entries) {
        need_name(entry.key, entry.line);
        context = "scene '" + entry.key + "': ";
        Scene scene;
        scene.line = entry.line;
        scene.name = entry.key;
        scene.steps = parse_steps(entry.value, 0);
        grammar_.scenes[entry.key] = std::move(scene);
      }
    }
    context.clear();
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
      context = "table '" + entry.key + "': ";
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
    context.clear();
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
    context = "dialogue '" + dialogue.name + "': ";
    dialogue.weight = weight(item);
    const auto* steps = item.find("steps");
    if (!steps) wrong(item.line, "missing 'steps'");
    dialogue.steps = parse_steps(*steps, 0);
    grammar_.dialogues.push_back(std::move(dialogue));
    context.clear();
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
        step.user = parse_rule(*this, *user, user->line);
        step.assistant = parse_rule(*this, *assistant, assistant->line);
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
        if (const auto* when = item.find("when"))
          branch.when = parse_conditions(*this, *when, false);
        branch.steps = parse_steps(*item.find("steps"), depth + 1);
      } else if (item.is_map() && item.find("scene")) {
        keys(item, {"scene", "with", "weight", "when"});
        branch.weight = weight(item);
        if (const auto* when = item.find("when"))
          branch.when = parse_conditions(*this, *when, false);
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
            bind.where = parse_conditions(*this, *where, true);
        } else if (const auto* any = entry.value.find("any")) {
          bind.any = parse_operand(text(*any));
          if (bind.any.variable.empty())
            wrong(any->line, "any: expected variable.column, found '" + any->text + "'");
        } else {
          wrong(entry.line, "expected 'from: TABLE' or 'any: variable.column'");
        }
      }
      binds.push_back(std::move(bind));
    }
  }

  std::filesystem::path folder_;
  Grammar grammar_;
};

}  // namespace

Grammar parse_grammar_text(std::string_view text, std::string_view where,
                           const std::filesystem::path& folder) {
  return Parser(where, folder).parse(yaml::parse(text, where));
}

Grammar parse_grammar(const std::filesystem::path& path) {
  return Parser(path.filename().string(), path.parent_path()).parse(yaml::load(path));
}

}  // namespace parley::dialogue
