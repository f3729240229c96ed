#include "store/sql/rows.hpp"

#include "message/part_json.hpp"
#include "message/plain_text.hpp"
#include "store/sql/statement.hpp"
#include "text/utf8.hpp"

namespace parley::store {
namespace {

constexpr std::size_t kPreviewCharacters = 160;

std::string preview_of(const std::optional<std::string>& column, const std::string& message) {
  if (!column) return {};
  return std::string(text::first_code_points(words_of(*column, message), kPreviewCharacters));
}

}  // namespace

std::string parts_column(const message::Parts& parts) {
  return to_text(message::to_json(parts));
}

message::Parts parts_of(const std::string& column, const std::string& message) {
  const std::string where = "message " + message;
  return message::parts_from_json(parse_json(column, where), where + ": parts");
}

std::string words_of(const std::string& column, const std::string& message) {
  return message::plain_text(parts_of(column, message));
}

void ThreadRow::bind(soci::statement& statement) {
  statement.exchange(soci::into(seq));
  statement.exchange(soci::into(id));
  statement.exchange(soci::into(title));
  statement.exchange(soci::into(created));
  statement.exchange(soci::into(updated));
  statement.exchange(soci::into(head));
  statement.exchange(soci::into(head_parts));
  statement.exchange(soci::into(parent_parts));
}

Thread ThreadRow::value() const {
  Thread out;
  out.id = id;
  out.title = title;
  out.created_ms = created;
  out.updated_ms = updated;
  out.head_id = head;
  out.preview = preview_of(head_parts, head.value_or(""));
  if (out.preview.empty()) {
    out.preview = preview_of(parent_parts, "before " + head.value_or(""));
  }
  return out;
}

void MessageRow::bind(soci::statement& statement) {
  statement.exchange(soci::into(id));
  statement.exchange(soci::into(thread));
  statement.exchange(soci::into(parent));
  statement.exchange(soci::into(role));
  statement.exchange(soci::into(parts));
  statement.exchange(soci::into(created));
  statement.exchange(soci::into(status));
  statement.exchange(soci::into(rating));
  statement.exchange(soci::into(reason));
}

Message MessageRow::value() const {
  Message out;
  out.id = id;
  out.thread_id = thread;
  out.parent_id = parent;
  out.role = role;
  out.parts = parts_of(parts, id);
  out.created_ms = created;
  out.status = status_from_name(status);
  if (rating) out.feedback = Feedback{*rating, reason};
  return out;
}

}  // namespace parley::store
