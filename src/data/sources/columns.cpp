#include "data/sources/columns.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/error.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

// "Conversation ID" and "conversation-id" are "conversation_id".
std::string normal_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_' || c == '.') {
      if (!out.empty() && out.back() != '_') out.push_back('_');
    } else {
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

struct Field {
  const char* name;
  std::optional<std::size_t> Columns::* index;
  std::initializer_list<std::string_view> known;
};

const Field kFields[] = {
    {"user",
     &Columns::user,
     {"user", "question", "instruction", "prompt", "human", "customer", "query", "request",
      "user_message", "user_text", "customer_message", "input"}},
    {"input", &Columns::input, {"input", "context"}},
    {"assistant",
     &Columns::assistant,
     {"assistant", "answer", "response", "output", "bot", "agent", "reply", "completion", "gpt",
      "assistant_message", "bot_response", "agent_reply", "agent_message"}},
    {"system", &Columns::system, {"system", "system_prompt"}},
    {"role", &Columns::role, {"role", "speaker", "sender", "author", "from"}},
    {"content", &Columns::content, {"content", "message", "text", "value", "utterance", "body"}},
    {"weight", &Columns::weight, {"weight"}},
    {"id",
     &Columns::id,
     {"conversation_id", "conversation", "conv_id", "dialogue_id", "dialog_id", "session_id",
      "session", "thread_id", "chat_id", "ticket_id"}},
};

// What other formats call what is said; read elsewhere, or not at all.
constexpr std::array kSpeech = {std::string_view("messages"), std::string_view("conversations"),
                                std::string_view("dialog"),   std::string_view("dialogue"),
                                std::string_view("turns"),    std::string_view("history"),
                                std::string_view("chosen"),   std::string_view("rejected"),
                                std::string_view("answers"),  std::string_view("questions")};

constexpr std::array kMetadata = {
    // numbers of rows and records
    std::string_view("id"), std::string_view("uid"), std::string_view("uuid"),
    std::string_view("guid"), std::string_view("index"), std::string_view("idx"),
    std::string_view("no"), std::string_view("nr"), std::string_view("row"),
    std::string_view("row_id"), std::string_view("record_id"), std::string_view("message_id"),
    std::string_view("prompt_id"), std::string_view("question_id"), std::string_view("turn"),
    std::string_view("turn_id"), std::string_view("parent_id"), std::string_view("user_id"),
    std::string_view("customer_id"), std::string_view("agent_id"),
    // times
    std::string_view("date"), std::string_view("time"), std::string_view("datetime"),
    std::string_view("timestamp"), std::string_view("created"), std::string_view("created_at"),
    std::string_view("create_time"), std::string_view("updated"), std::string_view("updated_at"),
    std::string_view("update_time"), std::string_view("sent_at"), std::string_view("closed_at"),
    // where a record came from, and how it is filed
    std::string_view("source"), std::string_view("dataset"), std::string_view("split"),
    std::string_view("url"), std::string_view("link"), std::string_view("channel"),
    std::string_view("language"), std::string_view("lang"), std::string_view("locale"),
    std::string_view("category"), std::string_view("categories"), std::string_view("tag"),
    std::string_view("tags"), std::string_view("model"), std::string_view("status"),
    std::string_view("priority"), std::string_view("license"), std::string_view("version"),
    std::string_view("rating"), std::string_view("score")};

template <class List>
bool is_among(const std::string& name, const List& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string list_of(const std::vector<std::string>& header) {
  std::string list;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i == 12) return list + ", …";
    list += (i ? ", " : "") + std::string(text::utf8_prefix(header[i], 40));
  }
  return list;
}

const Field* field_named(std::string_view name) {
  const auto* found = std::find_if(std::begin(kFields), std::end(kFields),
                                   [&](const Field& f) { return name == f.name; });
  return found == std::end(kFields) ? nullptr : found;
}

void apply_mapping(const std::vector<std::string>& header, const ColumnMapping& mapping,
                   std::string_view place, Columns& columns) {
  for (const auto& [name, wanted] : mapping.pairs()) {
    const Field* field = field_named(name);
    if (!field) continue;  // messages, which no table has
    auto found = std::find(header.begin(), header.end(), wanted);
    if (found == header.end()) {
      found = std::find_if(header.begin(), header.end(), [&](const std::string& h) {
        return normal_name(h) == normal_name(wanted);
      });
    }
    if (found == header.end()) {
      fail(ErrorKind::kInvalidInput,
           std::string(place) + ": no column \"" + wanted + "\"; the header has " + list_of(header),
           "correct --columns (or `columns:` of the source in parley.yaml)");
    }
    columns.*(field->index) = static_cast<std::size_t>(found - header.begin());
  }
}

// Sorts what is left over into what may be left out and what must not.
void settle_the_rest(const std::vector<std::string>& header, bool mapped, std::string_view place,
                     Columns& columns) {
  std::string used, lost;
  std::vector<bool> is_used(header.size());
  for (const Field& field : kFields) {
    if (const auto& index = columns.*(field.index)) {
      is_used[*index] = true;
      used += (used.empty() ? "" : ",") + std::string(field.name) + "=" + header[*index];
    }
  }
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (is_used[i]) continue;
    const std::string name = normal_name(header[i]);
    if (name.empty() || name.rfind("unnamed", 0) == 0) {
      if (!mapped) columns.unnamed.push_back(i);
      continue;
    }
    columns.unread.push_back(i);
    if (mapped || is_among(name, kMetadata)) continue;
    lost += (lost.empty() ? "\"" : ", \"") + std::string(text::utf8_prefix(header[i], 40)) + "\"";
  }
  if (lost.empty()) return;
  fail(ErrorKind::kInvalidInput,
       std::string(place) + ": nothing says what is in " + lost + " (the rest is " + used + ")",
       "name every column that counts, which leaves the others out: --columns " + used);
}

}  // namespace

ColumnMapping::ColumnMapping(std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view pair = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (equals == std::string_view::npos || (!field_named(name) && name != "messages")) {
      fail(
          ErrorKind::kUsage, "--columns: \"" + std::string(pair) + "\" is not NAME=COLUMN",
          "NAME is one of user, input, assistant, system, role, content, weight, id, messages; for "
          "example --columns user=question,assistant=answer");
    }
    pairs_.emplace_back(name, pair.substr(equals + 1));
  }
}

std::string_view ColumnMapping::messages() const {
  for (const auto& [name, column] : pairs_) {
    if (name == "messages") return column;
  }
  return {};
}

Columns find_columns(const std::vector<std::string>& header, const ColumnMapping& mapping,
                     std::string_view place) {
  Columns columns;
  apply_mapping(header, mapping, place, columns);
  const bool chosen = columns.user || columns.assistant || columns.role || columns.content;
  for (const Field& field : kFields) {
    const bool is_text = field.index != &Columns::id && field.index != &Columns::system &&
                         field.index != &Columns::weight;
    if (columns.*(field.index) || (chosen && is_text)) continue;
    for (const std::string_view name : field.known) {
      const auto found = std::find_if(header.begin(), header.end(),
                                      [&](const std::string& h) { return normal_name(h) == name; });
      const auto index = static_cast<std::size_t>(found - header.begin());
      if (found == header.end() || columns.user == index) continue;
      columns.*(field.index) = index;
      break;
    }
  }
  if (columns.user && columns.assistant) {
    columns.role = columns.content = std::nullopt;
  } else if (columns.role && columns.content) {
    columns.user = columns.input = columns.assistant = std::nullopt;
  } else {
    const std::string missing =
        columns.user        ? "a column with the assistant's replies"
        : columns.assistant ? "a column with the user's messages"
                            : "columns with the user's messages and the assistant's replies";
    fail(ErrorKind::kInvalidInput,
         std::string(place) + ": cannot find " + missing + "; the header has " + list_of(header),
         "name them: --columns user=COLUMN,assistant=COLUMN (one exchange a row) or --columns "
         "role=COLUMN,content=COLUMN,id=COLUMN (one message a row)");
  }
  settle_the_rest(header, !mapping.empty(), place, columns);
  return columns;
}

bool names_column(std::string_view name) {
  const std::string normal = normal_name(name);
  return std::any_of(std::begin(kFields), std::end(kFields),
                     [&](const Field& field) { return is_among(normal, field.known); });
}

bool names_speech(std::string_view name) {
  const std::string normal = normal_name(name);
  if (is_among(normal, kSpeech)) return true;
  return std::any_of(std::begin(kFields), std::end(kFields), [&](const Field& field) {
    const bool speech = field.index == &Columns::user || field.index == &Columns::input ||
                        field.index == &Columns::assistant || field.index == &Columns::system;
    return speech && is_among(normal, field.known);
  });
}

bool names_metadata(std::string_view name) {
  const std::string normal = normal_name(name);
  return is_among(normal, kMetadata) || is_among(normal, field_named("id")->known);
}

std::optional<bool> read_weight(std::string_view text) {
  if (text.empty() || text == "1" || text == "1.0") return true;
  if (text == "0" || text == "0.0") return false;
  return std::nullopt;
}

std::string join_input(std::string_view instruction, std::string_view input) {
  std::string joined(instruction);
  if (!instruction.empty() && !input.empty()) joined += '\n';
  return joined.append(input);
}

}  // namespace parley::data
