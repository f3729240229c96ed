#include "data/sources/speaker_lines.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "text/markdown.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::size_t kLongestName = 60;     // bytes, with the time behind it
constexpr std::size_t kFewestStrangers = 4;  // lines of unknown speakers that are worth a note

struct SpeakerLine {
  std::string_view name;
  std::string_view text;  // behind the colon
};

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") + 1 - start);
}

void skip_any(std::string_view& text, std::string_view characters) {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

bool has_digit(std::string_view text) {
  return text.find_first_of("0123456789") != std::string_view::npos;
}

// A time in brackets: "[10:02] Agent:", "Agent (10:02):".
void drop_time(std::string_view& text) {
  if (text.empty() || (text[0] != '[' && text[0] != '(')) return;
  const std::size_t close = text.find(text[0] == '[' ? ']' : ')');
  if (close == std::string_view::npos || !has_digit(text.substr(0, close))) return;
  text.remove_prefix(close + 1);
  skip_any(text, " \t");
}

// The colon, not the one of a time behind the name.
std::size_t colon_behind_name(std::string_view line) {
  std::size_t from = 0;
  if (const std::size_t open = line.find(" ("); open != std::string_view::npos) {
    const std::size_t close = line.find(')', open);
    if (close != std::string_view::npos && has_digit(line.substr(open, close - open)) &&
        line.find(':') > open) {
      from = close;
    }
  }
  return std::min(line.find(':', from), line.find("：", from));
}

// The line without the marks of quotes, items and emphasis in front of the name, if it then is
// "NAME: …". A name is at most three words without digits or marks.
std::optional<SpeakerLine> speaker_line(std::string_view line) {
  line = trimmed(line);
  skip_any(line, "> \t");
  if (line.substr(0, 2) == "- " || line.substr(0, 2) == "* ") skip_any(line, "-* \t");
  drop_time(line);
  skip_any(line, "*_");
  drop_time(line);
  const std::size_t colon = colon_behind_name(line);
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestName) return std::nullopt;
  std::string_view name = line.substr(0, colon);
  std::string_view rest = line.substr(colon + (line[colon] == ':' ? 1 : 3));
  if (rest.substr(0, 2) == "//") return std::nullopt;  // an address
  while (!name.empty() && (name.back() == '*' || name.back() == '_')) name.remove_suffix(1);
  if (const std::size_t open = name.find(" ("); open != std::string_view::npos) {
    if (name.back() != ')' || !has_digit(name.substr(open))) return std::nullopt;
    name = name.substr(0, open);
  }
  while (!name.empty() && (name.back() == '*' || name.back() == '_')) name.remove_suffix(1);
  if (name.empty() || name.find_first_of("0123456789.,;!?/\\|[](){}<>\"`=*#") != name.npos ||
      std::count(name.begin(), name.end(), ' ') > 2) {
    return std::nullopt;
  }
  skip_any(rest, "*_");
  return SpeakerLine{trimmed(name), trimmed(rest)};
}

bool is_rule(std::string_view line) {
  line = trimmed(line);
  return line.size() >= 3 &&
         (line[0] == '-' || line[0] == '*' || line[0] == '_' || line[0] == '=') &&
         line.find_first_not_of(line.substr(0, 1)) == std::string_view::npos;
}

bool is_heading(std::string_view line) {
  line = trimmed(line);
  const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
  return marks >= 1 && marks <= 6 && (marks == line.size() || line[marks] == ' ');
}

bool is_fence_line(std::string_view line) {
  line = trimmed(line);
  return line.substr(0, 3) == "```" || line.substr(0, 3) == "~~~";
}

class LinesReader {
 public:
  LinesReader(bool markdown, const Speakers& speakers) : markdown_(markdown), speakers_(speakers) {}

  SpeakerLines read(std::string_view text) {
    if (markdown_) text::take_front_matter(text);
    bool fenced = false;
    std::uint64_t number = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string_view line = text.substr(at, end - at);
      at = end + 1;
      ++number;
      if (is_fence_line(line)) fenced = !fenced;
      if (fenced || is_fence_line(line)) {
        prose(line);
      } else if (trimmed(line).empty()) {
        if (message_) message_->append("\n");
      } else if (is_rule(line) || (markdown_ && is_heading(line))) {
        end_conversation();
      } else if (const auto spoken = speaker_line(line)) {
        speak(*spoken, line, number);
      } else {
        prose(line);
      }
    }
    end_conversation();
    return conclude();
  }

 private:
  void speak(const SpeakerLine& spoken, std::string_view line, std::uint64_t number) {
    const Speaker speaker = speakers_.of(spoken.name);
    if (speaker == Speaker::kUnknown || speaker == Speaker::kTool) {
      auto& seen = strangers_[std::string(spoken.name)];
      if (seen++ == 0) {
        order_.emplace_back(spoken.name);
        (message_ ? inside_ : before_).emplace_back(spoken.name);
      }
      prose(line, true);
      return;
    }
    ++known_lines_;
    const Role role = role_of(speaker);
    std::string& name = role == Role::kUser        ? user_
                        : role == Role::kAssistant ? assistant_
                                                   : system_;
    if (name.empty()) name = spoken.name;
    if (!open_) {
      open_.emplace();
      open_->line = number;
    }
    open_->messages.push_back({role, std::string(spoken.text)});
    message_ = &open_->messages.back().content;
    at_start_ = false;
  }

  // A line that nobody is seen to begin: it goes on with what was said, or is prose.
  void prose(std::string_view line, bool stranger = false) {
    if (message_) {
      message_->append("\n").append(line);
    } else if (!stranger) {
      prose_ = prose_ || at_start_;
      loose_ = true;
    }
  }

  void end_conversation() {
    message_ = nullptr;
    if (!open_) return;
    OwnedRecord record = std::move(*open_);
    open_.reset();
    for (OwnedMessage& message : record.messages) {
      if (markdown_) message.content = text::markdown_to_text(message.content).text;
    }
    record.unescaped = markdown_;
    conversations_.push_back(std::move(record));
  }

  SpeakerLines conclude() {
    SpeakerLines out;
    const bool both = !user_.empty() && !assistant_.empty();
    if (both && !loose_) {
      out.note = "read as " + std::to_string(conversations_.size()) +
                 (conversations_.size() == 1 ? " conversation: " : " conversations: ") + user_ +
                 " is the user, " + assistant_ + " the assistant";
      if (!before_.empty()) {
        out.note += "; before anybody speaks, lines are left out: " + named(before_);
      }
      if (!inside_.empty()) {
        out.note +=
            "; lines go on with what was said before, unless --speakers says whose they "
            "are: " +
            named(inside_);
      }
      out.conversations = std::move(conversations_);
    } else if (both) {
      out.note = "read as a document, with lines of " + user_ + " and " + assistant_ +
                 " in it: conversations stand in files of their own, behind headings";
    } else if (const auto names = strangers(); !names.empty()) {
      out.note =
          "read as a document; if it is a conversation, say whose words are whose: "
          "--speakers user=" +
          names[0] + ",assistant=" + names[1];
    }
    return out;
  }

  static std::string named(const std::vector<std::string>& names) {
    return "\"" + names.front() + "\"" + (names.size() > 1 ? " and others" : "");
  }

  // Two that take turns, known or not, and hardly anybody else.
  std::vector<std::string> strangers() const {
    if (prose_) return {};
    std::vector<std::string> names;
    std::size_t lines = 0;
    for (const std::string& name : order_) {
      const std::size_t count = strangers_.at(name);
      if (count < 2) continue;
      names.push_back(name);
      lines += count;
    }
    if (names.size() == 1 && known_lines_ >= 2 && user_.empty() != assistant_.empty()) {
      lines += known_lines_;
      names.insert(user_.empty() ? names.end() : names.begin(), user_.empty() ? assistant_ : user_);
    }
    if (names.size() != 2 || lines < kFewestStrangers) return {};
    return names;
  }

  const bool markdown_;
  const Speakers& speakers_;
  std::vector<OwnedRecord> conversations_;
  std::optional<OwnedRecord> open_;
  std::string* message_ = nullptr;  // the one that lines without a speaker go on with
  std::string user_, assistant_, system_;
  std::map<std::string, std::size_t> strangers_;
  std::vector<std::string> order_;            // of the first lines of strangers
  std::vector<std::string> before_, inside_;  // of them: before a speaker, and behind one
  std::size_t known_lines_ = 0;
  bool at_start_ = true;  // nobody has spoken yet
  bool prose_ = false;    // there is text before anybody speaks
  bool loose_ = false;    // there is text that nobody says
};

}  // namespace

SpeakerLines read_speaker_lines(std::string_view text, bool markdown, const Speakers& speakers) {
  return LinesReader(markdown, speakers).read(text);
}

}  // namespace parley::data
