#include "text/plain_text.hpp"

#include <algorithm>
#include <utility>

#include "text/script_text.hpp"

namespace parley::text {

void PlainTextWriter::flush() {
  if (!out_.empty()) {
    if (pending_lines_ > 0) {
      out_.append(static_cast<std::size_t>(pending_lines_), '\n');
    } else if (pending_slash_) {
      out_ += " / ";
    } else if (pending_space_) {
      out_.push_back(' ');
    }
  }
  pending_lines_ = 0;
  pending_space_ = pending_slash_ = cell_empty_ = item_empty_ = false;
}

void PlainTextWriter::inline_text(std::string_view text) {
  if (in_script_) {
    script_text_.append(text);
    return;
  }
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      pending_space_ = true;
    } else {
      if (owes()) flush();
      out_.push_back(c);
    }
  }
}

void PlainTextWriter::verbatim(std::string_view text) {
  if (text.empty()) return;
  end_script();
  flush();
  out_.append(text);
}

void PlainTextWriter::line_break() {
  end_script();
  if (item_empty_) return;
  if (!in_cell()) {
    pending_lines_ = std::max(pending_lines_, 1);
  } else if (!cell_empty_) {
    pending_slash_ = true;
  }
}

void PlainTextWriter::paragraph_break() {
  line_break();
  if (!in_cell() && !item_empty_) pending_lines_ = 2;
}

void PlainTextWriter::begin_item(std::string_view mark) {
  end_item();
  if (in_cell()) return;
  verbatim(mark);
  item_empty_ = true;
}

void PlainTextWriter::end_item() {
  item_empty_ = false;
  line_break();
}

void PlainTextWriter::begin_script(Script script) {
  end_script();
  in_script_ = true;
  script_ = script;
}

void PlainTextWriter::end_script() {
  if (!in_script_) return;
  in_script_ = false;
  const std::string raised = std::exchange(script_text_, {});
  const std::size_t start = raised.find_first_not_of(" \t\r\n");
  if (start == std::string::npos) return;
  if (start > 0) pending_space_ = true;
  const std::size_t end = raised.find_last_not_of(" \t\r\n") + 1;
  const bool apart = out_.empty() || owes();
  inline_text(script_text(script_, std::string_view(raised).substr(start, end - start),
                          apart ? std::string_view() : std::string_view(out_)));
  if (end < raised.size()) pending_space_ = true;
}

void PlainTextWriter::begin_row() {
  end_script();
  in_cell_ = false;
  cells_ = 0;
  line_break();
}

void PlainTextWriter::begin_cell() {
  end_script();
  pending_slash_ = false;
  if (cells_++ > 0) {
    pending_lines_ = 0;
    inline_text(" | ");
  }
  in_cell_ = true;
  cell_empty_ = true;
}

void PlainTextWriter::end_cell() {
  end_script();
  in_cell_ = false;
  cell_empty_ = pending_slash_ = false;
}

std::string PlainTextWriter::take() {
  end_script();
  pending_lines_ = 0;
  pending_space_ = pending_slash_ = false;
  const std::size_t end = out_.find_last_not_of(" \t\r\n");
  out_.resize(end == std::string::npos ? 0 : end + 1);
  return std::exchange(out_, {});
}

}  // namespace parley::text
