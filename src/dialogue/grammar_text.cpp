// The text of an alternative, "Have [you|they] seen {t.title}?", to pieces.
#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"
#include "dialogue/grammar_rules.hpp"

namespace parley::dialogue {
namespace {

class TextParser {
 public:
  TextParser(const GrammarFields& fields, std::string_view text, int line)
      : fields_(fields), text_(text), line_(line) {}

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
    fields_.wrong(line_, fmt::format("{} in \"{}\"", what, text_.substr(0, 80)),
                  "write \\{ or \\[ for a bracket that is meant as text");
  }

  const GrammarFields& fields_;
  std::string_view text_;
  int line_;
  std::size_t at_ = 0;
};

}  // namespace

const std::vector<std::string>& modifier_names() {
  static const std::vector<std::string> names = {"lower", "upper", "cap",       "a",
                                                 "any",   "first", "last",      "or",
                                                 "comma", "count", "last_word", "first_word"};
  return names;
}

Sequence parse_text(const GrammarFields& fields, std::string_view text, int line) {
  return TextParser(fields, text, line).parse();
}

}  // namespace parley::dialogue
