#include "text/markdown.hpp"

#include <md4c.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hpp"
#include "text/html.hpp"
#include "text/html_tag.hpp"
#include "text/references.hpp"

namespace parley::text {
namespace {

struct List {
  bool ordered;
  unsigned next;
};

// Tags that begin or end a line where they stand in a paragraph.
bool is_line_tag(std::string_view name) {
  static constexpr std::array kNames = {
      std::string_view("br"), std::string_view("p"),      std::string_view("div"),
      std::string_view("hr"), std::string_view("li"),     std::string_view("ul"),
      std::string_view("ol"), std::string_view("dt"),     std::string_view("dd"),
      std::string_view("tr"), std::string_view("summary")};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// The receiver of md4c's events; every callback gets it as `userdata`.
struct Receiver {
  PlainTextWriter writer;
  std::vector<List> lists;
  PlainTextWriter title;  // of the first <h1>
  bool in_title = false, has_title = false;
  bool in_heading = false;
  bool in_code = false;
  bool in_html = false;
  std::string html;  // of one HTML block, which md4c hands out line by line

  void enter_item(const MD_BLOCK_LI_DETAIL& detail) {
    if (lists.empty()) return;
    std::string mark((lists.size() - 1) * 2, ' ');
    List& list = lists.back();
    mark += list.ordered ? std::to_string(list.next++) + ". " : "- ";
    if (detail.is_task) mark += detail.task_mark == ' ' ? "[ ] " : "[x] ";
    writer.begin_item(mark);
  }

  void inline_text(std::string_view text) {
    writer.inline_text(text);
    if (in_title) title.inline_text(text);
  }

  void line_break() {
    if (in_heading) {
      inline_text(" ");
    } else {
      writer.line_break();
    }
  }

  void script(bool closing, Script kind) {
    for (PlainTextWriter* to : {&writer, &title}) {
      if (to == &title && !in_title) continue;
      if (closing) {
        to->end_script();
      } else {
        to->begin_script(kind);
      }
    }
  }

  // A tag inside of text. What it holds comes as text.
  void inline_tag(std::string_view html) {
    const HtmlTag tag = html.empty() || html[0] != '<' ? HtmlTag() : read_html_tag(html, 0);
    if (tag.name == "sup" || tag.name == "sub") {
      script(tag.closing, tag.name == "sup" ? Script::kSuper : Script::kSub);
    } else if (tag.name == "q") {
      inline_text("\"");
    } else if (is_line_tag(tag.name)) {
      line_break();
    }
  }
};

Receiver& receiver(void* userdata) {
  return *static_cast<Receiver*>(userdata);
}

int enter_block(MD_BLOCKTYPE type, void* detail, void* userdata) {
  Receiver& r = receiver(userdata);
  switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      if (r.lists.empty()) r.writer.paragraph_break();
      if (type == MD_BLOCK_OL) {
        r.lists.push_back({true, static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start});
      } else {
        r.lists.push_back({false, 0});
      }
      break;
    case MD_BLOCK_LI:
      r.enter_item(*static_cast<MD_BLOCK_LI_DETAIL*>(detail));
      break;
    case MD_BLOCK_H:
      r.writer.paragraph_break();
      r.in_heading = true;
      r.in_title = static_cast<MD_BLOCK_H_DETAIL*>(detail)->level == 1 && !r.has_title;
      r.has_title = r.has_title || r.in_title;
      break;
    case MD_BLOCK_CODE:
      r.writer.end_item();
      r.writer.paragraph_break();
      r.writer.verbatim("```");
      r.writer.verbatim({static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang.text,
                         static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang.size});
      r.writer.verbatim("\n");
      r.in_code = true;
      break;
    case MD_BLOCK_P:
      // Inside a list item the text follows the mark; md4c sends P only for loose lists.
      if (r.lists.empty()) r.writer.paragraph_break();
      break;
    case MD_BLOCK_HTML:
      r.html.clear();
      r.in_html = true;
      break;
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_TABLE:
    case MD_BLOCK_HR:
      r.writer.paragraph_break();
      break;
    case MD_BLOCK_TR:
      r.writer.begin_row();
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      r.writer.begin_cell();
      break;
    default:
      break;
  }
  return 0;
}

int leave_block(MD_BLOCKTYPE type, void* detail, void* userdata) {
  Receiver& r = receiver(userdata);
  switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      r.lists.pop_back();
      if (r.lists.empty()) r.writer.paragraph_break();
      break;
    case MD_BLOCK_H:
      r.in_heading = r.in_title = false;
      r.writer.paragraph_break();
      break;
    case MD_BLOCK_CODE:
      r.writer.verbatim("```");
      r.in_code = false;
      r.writer.paragraph_break();
      break;
    case MD_BLOCK_P:
      if (r.lists.empty()) {
        r.writer.paragraph_break();
      } else {
        r.writer.line_break();
      }
      break;
    case MD_BLOCK_LI:
      r.writer.end_item();
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      r.writer.end_cell();
      break;
    case MD_BLOCK_HTML:
      r.in_html = false;
      r.writer.paragraph_break();
      r.writer.verbatim(html_to_text(r.html).text);
      r.writer.paragraph_break();
      break;
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_TABLE:
      r.writer.paragraph_break();
      break;
    default:
      break;
  }
  return 0;
}

int ignore_span(MD_SPANTYPE, void*, void*) {
  return 0;
}

int on_text(MD_TEXTTYPE type, const MD_CHAR* data, MD_SIZE size, void* userdata) {
  Receiver& r = receiver(userdata);
  const std::string_view text(data, size);
  if (r.in_html) {
    r.html.append(text);
    return 0;
  }
  switch (type) {
    case MD_TEXT_BR:
      r.line_break();
      break;
    case MD_TEXT_SOFTBR:
      r.inline_text(" ");
      break;
    case MD_TEXT_NULLCHAR:
      break;
    case MD_TEXT_HTML:
      r.inline_tag(text);
      break;
    case MD_TEXT_ENTITY:
      r.inline_text(decode_references(text));
      break;
    default:
      if (r.in_code) {
        r.writer.verbatim(text);
      } else {
        r.inline_text(text);
      }
  }
  return 0;
}

std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") + 1 - start);
}

}  // namespace

std::string_view take_front_matter(std::string_view& document) {
  const std::string_view fence = document.substr(0, 3);
  if (fence != "---" && fence != "+++") return {};
  const std::size_t first_end = document.find('\n');
  if (first_end == std::string_view::npos || trim(document.substr(3, first_end - 3)) != "")
    return {};
  for (std::size_t at = first_end + 1; at < document.size();) {
    const std::size_t end = std::min(document.find('\n', at), document.size());
    const std::string_view line = trim(document.substr(at, end - at));
    if (line == fence || (fence == "---" && line == "...")) {
      const std::string_view matter = document.substr(first_end + 1, at - first_end - 1);
      document.remove_prefix(std::min(end + 1, document.size()));
      return matter;
    }
    at = end + 1;
  }
  return {};  // never closed: a thematic break, not front matter
}

std::string front_matter_title(std::string_view matter) {
  for (std::size_t at = 0; at < matter.size();) {
    const std::size_t end = std::min(matter.find('\n', at), matter.size());
    const std::string_view line = matter.substr(at, end - at);
    at = end + 1;
    if (line.substr(0, 5) != "title") continue;
    std::string_view value = trim(line.substr(5));
    if (value.empty() || (value[0] != ':' && value[0] != '=')) continue;
    value = trim(value.substr(1));
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return {};
}

PlainText markdown_to_text(std::string_view markdown) {
  if (markdown.substr(0, 3) == "\xEF\xBB\xBF") markdown.remove_prefix(3);
  const std::string_view matter = take_front_matter(markdown);
  Receiver r;
  MD_PARSER parser{};
  parser.flags =
      MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_PERMISSIVEAUTOLINKS | MD_FLAG_TASKLISTS;
  parser.enter_block = enter_block;
  parser.leave_block = leave_block;
  parser.enter_span = ignore_span;
  parser.leave_span = ignore_span;
  parser.text = on_text;
  if (md_parse(markdown.data(), static_cast<MD_SIZE>(markdown.size()), &parser, &r) != 0) {
    fail(ErrorKind::kInvalidInput, "the Markdown parser gave up",
         "save the document as plain text");
  }
  std::string title = front_matter_title(matter);
  if (title.empty()) title = r.title.take();
  return {std::move(title), r.writer.take()};
}

}  // namespace parley::text
