#include "dialogue/grammar_write.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace parley::dialogue {
namespace {

constexpr int kMaxDepth = 40;             // rules inside rules, scenes inside scenes
constexpr std::size_t kMaxText = 16'000;  // bytes of one message
constexpr std::size_t kMaxMessages = 400;

struct Binding {
  const Table* table = nullptr;
  std::size_t row = 0;
  std::string text;  // when table is null
};

using Bindings = std::vector<std::pair<std::string, Binding>>;  // later entries hide earlier ones

bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), to_lower);
  return text;
}

std::string joined(const Cell& cell, std::string_view word) {
  std::string text;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (i > 0)
      text += i + 1 == cell.size() && !word.empty() ? fmt::format(" {} ", word) : std::string(", ");
    text += cell[i];
  }
  return text;
}

const Binding* find(const Bindings& scope, const std::string& name) {
  for (auto it = scope.rbegin(); it != scope.rend(); ++it) {
    if (it->first == name) return &it->second;
  }
  return nullptr;
}

bool as_number(const std::string& text, double& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool holds(const Cell& left, Condition::Op op, const Cell& right) {
  using Op = Condition::Op;
  const auto contains = [](const Cell& cell, const std::string& text) {
    return std::find(cell.begin(), cell.end(), text) != cell.end();
  };
  switch (op) {
    case Op::kEqual:
      return left == right;
    case Op::kNotEqual:
      return left != right;
    case Op::kHas:
      return std::all_of(right.begin(), right.end(),
                         [&](const auto& text) { return contains(left, text); });
    case Op::kLacks:
      return std::none_of(right.begin(), right.end(),
                          [&](const auto& text) { return contains(left, text); });
    case Op::kShares:
      return std::any_of(right.begin(), right.end(),
                         [&](const auto& text) { return contains(left, text); });
    default:
      break;
  }
  double a = 0, b = 0;
  if (left.size() != 1 || right.size() != 1 || !as_number(left[0], a) || !as_number(right[0], b))
    return false;
  return op == Op::kLess        ? a < b
         : op == Op::kLessEqual ? a <= b
         : op == Op::kGreater   ? a > b
                                : a >= b;
}

class Writer {
 public:
  Writer(const Grammar& grammar, Random& random) : grammar_(grammar), random_(random) {}

  std::vector<text::ChatMessage> write(std::string& problem) {
    const Scene* dialogue = pick(grammar_.dialogues, [](const Scene&) { return true; });
    // A person keeps one style through a conversation; typos come and go.
    lower_ = random_.share() < grammar_.noise.lower;
    no_punctuation_ = random_.share() < grammar_.noise.no_punctuation;
    if (!steps(dialogue->steps, {}, 0)) {
      problem = problem_;
      return {};
    }
    return std::move(messages_);
  }

 private:
  // One of the items that `usable` accepts, by weight; null when there is none.
  template <class Items, class Usable>
  auto pick(const Items& items, const Usable& usable) -> decltype(&items[0]) {
    double total = 0;
    for (const auto& item : items) total += usable(item) ? item.weight : 0;
    if (total <= 0) return nullptr;
    double at = random_.share() * total;
    decltype(&items[0]) last = nullptr;
    for (const auto& item : items) {
      if (item.weight <= 0 || !usable(item)) continue;
      last = &item;
      if ((at -= item.weight) < 0) break;
    }
    return last;
  }

  bool steps(const std::vector<Step>& list, Bindings scope, int depth) {
    if (depth > kMaxDepth)
      return stop(list.empty() ? 1 : list[0].line, "scenes nested deeper than 40");
    for (const Step& step : list) {
      for (const Bind& bind : step.binds) {
        if (!bind_variable(bind, scope)) return false;
      }
      if (!run(step, scope, depth)) return false;
    }
    return true;
  }

  bool run(const Step& step, const Bindings& scope, int depth) {
    switch (step.kind) {
      case Step::Kind::kTurn:
        return turn(step, scope);
      case Step::Kind::kScene:
        return steps(grammar_.scenes.at(step.scene).steps, renamed(scope, step.renames), depth + 1);
      case Step::Kind::kMaybe:
        return random_.share() >= step.chance || steps(step.branches[0].steps, scope, depth + 1);
      case Step::Kind::kOneOf: {
        const Branch* branch =
            pick(step.branches, [&](const Branch& each) { return all(each.when, scope); });
        if (!branch) return stop(step.line, "no branch applies");
        return steps(branch->steps, scope, depth + 1);
      }
      case Step::Kind::kSome: {
        const int wanted = step.least + static_cast<int>(random_.below(step.most - step.least + 1));
        std::vector<const Branch*> done;
        for (int i = 0; i < wanted; ++i) {
          const Branch* branch = pick(step.branches, [&](const Branch& each) {
            return std::find(done.begin(), done.end(), &each) == done.end() &&
                   all(each.when, scope);
          });
          if (!branch) break;
          done.push_back(branch);
          if (!steps(branch->steps, scope, depth + 1)) return false;
        }
        return true;
      }
    }
    return false;
  }

  bool turn(const Step& step, const Bindings& scope) {
    if (step.user.alternatives.empty()) return true;  // binds only
    if (messages_.size() >= kMaxMessages) return stop(step.line, "more than 400 messages");
    std::string user, assistant;
    if (!expand(step.user, scope, user, 0) || !expand(step.assistant, scope, assistant, 0))
      return false;
    if (!add_fillers(user)) return false;
    user = tidy(user);
    if (random_.share() < grammar_.noise.typo) user = with_typo(user, random_);
    if (lower_) user = lowered(std::move(user));
    if (no_punctuation_) {
      while (!user.empty() && (user.back() == '.' || user.back() == '?' || user.back() == '!'))
        user.pop_back();
      std::erase(user, ',');
    }
    assistant = tidy(assistant);
    if (user.empty() || assistant.empty()) return stop(step.line, "a message came out empty");
    messages_.push_back({"user", std::move(user)});
    messages_.push_back({"assistant", std::move(assistant)});
    return true;
  }

  // "so," before and "please" after: people wrap what they ask.
  bool add_fillers(std::string& text) {
    const Noise& noise = grammar_.noise;
    if (!noise.before.rule.empty() && random_.share() < noise.before.chance) {
      std::string filler;
      if (!expand(grammar_.rules.at(noise.before.rule), {}, filler, 0)) return false;
      text = filler + " " + text;
    }
    if (!noise.after.rule.empty() && random_.share() < noise.after.chance) {
      std::string filler;
      if (!expand(grammar_.rules.at(noise.after.rule), {}, filler, 0)) return false;
      const std::size_t words = text.find_last_not_of(" .?!") + 1;
      text.insert(words, " " + filler);
    }
    return true;
  }

  bool bind_variable(const Bind& bind, Bindings& scope) {
    if (bind.table.empty()) {
      const Cell& cell = value(bind.any, scope);
      if (cell.empty())
        return stop(bind.line,
                    fmt::format("'{}.{}' is empty here", bind.any.variable, bind.any.field));
      scope.emplace_back(bind.variable, Binding{nullptr, 0, cell[random_.below(cell.size())]});
      return true;
    }
    const Table& table = grammar_.tables.at(bind.table);
    struct Candidate {
      std::size_t row;
      double weight;
    };
    std::vector<Candidate> candidates;
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      const bool meets =
          std::all_of(bind.where.begin(), bind.where.end(), [&](const Condition& condition) {
            return holds(table.rows[r][table.column(condition.left.field)], condition.op,
                         value(condition.right, scope));
          });
      if (meets) candidates.push_back({r, table.weights[r]});
    }
    const Candidate* drawn = pick(candidates, [](const Candidate&) { return true; });
    if (!drawn)
      return stop(bind.line, fmt::format("no row of table '{}' meets the conditions of '{}'",
                                         table.name, bind.variable));
    scope.emplace_back(bind.variable, Binding{&table, drawn->row, {}});
    return true;
  }

  const Cell& value(const Operand& operand, const Bindings& scope) {
    if (operand.variable.empty()) {
      literal_ = {operand.literal};
      return literal_;
    }
    const Binding& binding = *find(scope, operand.variable);
    return binding.table->rows[binding.row][binding.table->column(operand.field)];
  }

  bool all(const std::vector<Condition>& conditions, const Bindings& scope) {
    return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
      return holds(value(condition.left, scope), condition.op, value(condition.right, scope));
    });
  }

  bool expand(const Rule& rule, const Bindings& scope, std::string& out, int depth) {
    if (depth > kMaxDepth)
      return stop(rule.line, "rules nested deeper than 40; does one call itself without end?");
    const Alternative* alternative =
        pick(rule.alternatives, [&](const Alternative& each) { return all(each.when, scope); });
    if (!alternative) return stop(rule.line, "no alternative applies");
    return expand(alternative->text, scope, out, depth, alternative->line);
  }

  bool expand(const Sequence& pieces, const Bindings& scope, std::string& out, int depth,
              int line) {
    for (const Piece& piece : pieces) {
      if (out.size() > kMaxText) return stop(line, "a message of more than 16000 bytes");
      switch (piece.kind) {
        case Piece::Kind::kLiteral:
          out += piece.text;
          break;
        case Piece::Kind::kChoice:
          if (!expand(piece.options[random_.below(piece.options.size())], scope, out, depth, line))
            return false;
          break;
        case Piece::Kind::kName:
          if (!expand_name(piece, scope, out, depth, line)) return false;
          break;
      }
    }
    return true;
  }

  bool expand_name(const Piece& piece, const Bindings& scope, std::string& out, int depth,
                   int line) {
    Cell cell;
    if (const Binding* binding = find(scope, piece.text)) {
      if (!binding->table) {
        cell = {binding->text};
      } else {
        const Table& table = *binding->table;
        cell =
            table.rows[binding->row][piece.field.empty() ? table.key : table.column(piece.field)];
      }
      if (cell.empty())
        return stop(line, fmt::format("'{}.{}' is empty for {}", piece.text, piece.field,
                                      name_of(*binding)));
    } else {
      std::string text;
      if (!expand(grammar_.rules.at(piece.text), renamed(scope, piece.renames), text, depth + 1))
        return false;
      cell = {std::move(text)};
    }
    out += modified(std::move(cell), piece.modifiers);
    return true;
  }

  static std::string name_of(const Binding& binding) {
    if (!binding.table) return binding.text;
    const Cell& key = binding.table->rows[binding.row][binding.table->key];
    return key.empty() ? "a row" : "'" + key[0] + "'";
  }

  std::string modified(Cell cell, const std::vector<std::string>& modifiers) {
    std::string_view word = "and";
    for (const std::string& modifier : modifiers) {
      if (modifier == "any") {
        cell = {cell[random_.below(cell.size())]};
      } else if (modifier == "first") {
        cell = {cell.front()};
      } else if (modifier == "last") {
        cell = {cell.back()};
      } else if (modifier == "or") {
        word = "or";
      } else if (modifier == "comma") {
        word = "";
      } else if (modifier == "count") {
        cell = {std::to_string(cell.size())};
      } else {
        for (std::string& text : cell) change(text, modifier);
      }
    }
    return joined(cell, word);
  }

  static void change(std::string& text, const std::string& modifier) {
    if (modifier == "lower") text = lowered(std::move(text));
    if (modifier == "upper") std::transform(text.begin(), text.end(), text.begin(), to_upper);
    if (modifier == "cap" && !text.empty()) text[0] = to_upper(text[0]);
    if (modifier == "a" && !text.empty()) {
      text =
          (std::string_view("aeiouAEIOU").find(text[0]) != std::string_view::npos ? "an " : "a ") +
          text;
    }
    if (modifier == "first_word") text = text.substr(0, text.find(' '));
    if (modifier == "last_word") text = text.substr(text.rfind(' ') + 1);
  }

  static Bindings renamed(const Bindings& scope,
                          const std::vector<std::pair<std::string, std::string>>& renames) {
    Bindings inner = scope;
    for (const auto& [to, from] : renames) inner.emplace_back(to, *find(scope, from));
    return inner;
  }

  bool stop(int line, const std::string& what) {
    problem_ = fmt::format("{}:{}: {}", grammar_.where, line, what);
    return false;
  }

  const Grammar& grammar_;
  Random& random_;
  bool lower_ = false, no_punctuation_ = false;
  Cell literal_;
  std::string problem_;
  std::vector<text::ChatMessage> messages_;
};

}  // namespace

std::string tidy(std::string_view text) {
  std::string out;
  bool start = true;  // of a sentence
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == ' ' || c == '\t') {
      if (!out.empty() && out.back() != ' ' && out.back() != '\n') out += ' ';
      continue;
    }
    const bool punctuation = c == ',' || c == '.' || c == '!' || c == '?' || c == ';' || c == ':';
    const bool ends_word = i + 1 >= text.size() || !is_alpha(text[i + 1]);
    if ((punctuation && ends_word) || c == '\n') {
      while (!out.empty() && out.back() == ' ') out.pop_back();
    }
    out += start && is_alpha(c) ? to_upper(c) : c;
    if (c == '.' || c == '!' || c == '?' || c == '\n') {
      // "3.5" and "parley.yaml" end no sentence.
      start = c != '.' || i + 1 >= text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    } else {
      start = false;
    }
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
  return out;
}

std::string with_typo(const std::string& text, Random& random) {
  std::vector<std::pair<std::size_t, std::size_t>> words;  // start, length
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_alpha(text[end])) ++end;
    if (end - i >= 5) words.emplace_back(i, end - i);
    i = std::max(end, i + 1);
  }
  if (words.empty()) return text;
  const auto [start, length] = words[random.below(words.size())];
  const std::size_t at = start + 1 + random.below(length - 2);  // the first letter is rarely wrong
  std::string changed = text;
  switch (random.below(3)) {
    case 0:
      std::swap(changed[at], changed[at + 1]);
      break;
    case 1:
      changed.erase(at, 1);
      break;
    default:
      changed.insert(at, 1, changed[at]);
      break;
  }
  return changed;
}

std::vector<text::ChatMessage> write_dialogue(const Grammar& grammar, Random& random,
                                              std::string& problem) {
  return Writer(grammar, random).write(problem);
}

}  // namespace parley::dialogue
