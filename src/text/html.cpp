#include "text/html.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "text/html_tag.hpp"
#include "text/references.hpp"

namespace parley::text {
namespace {

bool is_one_of(std::string_view name, auto&& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

constexpr std::array kRawText = {std::string_view("script"),   std::string_view("style"),
                                 std::string_view("textarea"), std::string_view("title"),
                                 std::string_view("noscript"), std::string_view("iframe"),
                                 std::string_view("template")};
constexpr std::array kHidden = {std::string_view("nav"),    std::string_view("footer"),
                                std::string_view("aside"),  std::string_view("svg"),
                                std::string_view("select"), std::string_view("button"),
                                std::string_view("object"), std::string_view("math")};
constexpr std::array kParagraphs = {
    std::string_view("p"),          std::string_view("h1"),         std::string_view("h2"),
    std::string_view("h3"),         std::string_view("h4"),         std::string_view("h5"),
    std::string_view("h6"),         std::string_view("ul"),         std::string_view("ol"),
    std::string_view("dl"),         std::string_view("blockquote"), std::string_view("section"),
    std::string_view("article"),    std::string_view("main"),       std::string_view("header"),
    std::string_view("figure"),     std::string_view("form"),       std::string_view("hr"),
    std::string_view("figcaption"), std::string_view("details"),    std::string_view("dialog"),
    std::string_view("fieldset"),   std::string_view("menu"),       std::string_view("hgroup"),
    std::string_view("search"),     std::string_view("center")};
constexpr std::array kLines = {std::string_view("div"),     std::string_view("dt"),
                               std::string_view("dd"),      std::string_view("address"),
                               std::string_view("summary"), std::string_view("caption"),
                               std::string_view("option"),  std::string_view("body"),
                               std::string_view("legend"),  std::string_view("optgroup")};

// Does this table lay out a page, so that its cells are no cells: does it hold headings, code or
// tables? `at` is behind its tag. Looks no further than to the first of these, or its end.
bool is_layout_table(std::string_view html, std::size_t at) {
  constexpr std::array kSigns = {std::string_view("h1"),      std::string_view("h2"),
                                 std::string_view("h3"),      std::string_view("h4"),
                                 std::string_view("h5"),      std::string_view("h6"),
                                 std::string_view("pre"),     std::string_view("main"),
                                 std::string_view("article"), std::string_view("table")};
  while ((at = html.find('<', at)) != std::string_view::npos) {
    const HtmlTag tag = read_html_tag(html, at);
    if (tag.name.empty()) {
      ++at;
      continue;
    }
    if (is_one_of(tag.name, kSigns)) return !tag.closing;
    at = tag.end;
  }
  return false;
}

// Offset of "</name" at or after `at`, or the end.
std::size_t find_closing(std::string_view html, std::size_t at, std::string_view name) {
  while ((at = html.find("</", at)) != std::string_view::npos) {
    const std::string_view rest = html.substr(at + 2, name.size());
    if (rest.size() == name.size() &&
        std::equal(rest.begin(), rest.end(), name.begin(),
                   [](char a, char b) { return ascii_lower(a) == b; })) {
      return at;
    }
    at += 2;
  }
  return html.size();
}

bool has_tag(std::string_view html, std::string_view name) {
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string_view::npos; ++at) {
    const std::string_view rest = html.substr(at + 1, name.size());
    if (rest.size() < name.size()) return false;
    if (!std::equal(rest.begin(), rest.end(), name.begin(),
                    [](char a, char b) { return ascii_lower(a) == b; })) {
      continue;
    }
    const std::size_t next = at + 1 + name.size();
    if (next < html.size() && (html[next] == '>' || is_html_space(html[next]))) return true;
  }
  return false;
}

constexpr std::size_t kDeepestIndent = 20;  // of lists; hostile pages nest them without end
constexpr int kLastNumber = 1'000'000'000;

class Converter {
 public:
  Converter(std::string_view html, bool choosy) : html_(html), choosy_(choosy) {
    if (choosy_ && has_tag(html, "main")) {
      content_tag_ = "main";
    } else if (choosy_ && has_tag(html, "article")) {
      content_tag_ = "article";
    }
  }

  PlainText run() {
    while (at_ < html_.size()) {
      const std::size_t tag = std::min(html_.find('<', at_), html_.size());
      text(html_.substr(at_, tag - at_));
      at_ = tag;
      if (at_ < html_.size()) markup();
    }
    if (title_.empty()) return {heading_.take(), writer_.take()};
    PlainTextWriter title;
    title.inline_text(title_);
    return {title.take(), writer_.take()};
  }

 private:
  bool visible() const { return hidden_ == 0 && (content_tag_.empty() || content_ > 0); }

  void text(std::string_view raw) {
    if (raw.empty()) return;
    const bool heading = in_heading_ && heading_bytes_ < 300;
    if (!heading && !visible()) return;
    const std::string decoded = decode_references(raw);
    if (heading) {
      heading_.inline_text(decoded);
      heading_bytes_ += decoded.size();
    }
    if (!visible()) return;
    if (preformatted_ > 0) {
      writer_.verbatim(decoded);
    } else {
      writer_.inline_text(decoded);
    }
  }

  void markup() {
    const std::string_view rest = html_.substr(at_);
    if (rest.substr(0, 4) == "<!--") {
      const std::size_t end = html_.find("-->", at_ + 4);
      at_ = end == std::string_view::npos ? html_.size() : end + 3;
    } else if (rest.substr(0, 2) == "<!" || rest.substr(0, 2) == "<?") {
      const std::size_t end = html_.find('>', at_);
      at_ = end == std::string_view::npos ? html_.size() : end + 1;
    } else {
      const HtmlTag tag = read_html_tag(html_, at_);
      if (tag.name.empty()) {  // a bare '<' is text
        text("<");
        ++at_;
      } else {
        at_ = tag.end;
        handle(tag);
      }
    }
  }

  void handle(const HtmlTag& tag) {
    if (!tag.closing && is_one_of(tag.name, kRawText)) {
      raw_element(tag.name);
      return;
    }
    if (choosy_ && is_one_of(tag.name, kHidden) && !tag.self_closing) {
      hidden_ = std::max(0, hidden_ + (tag.closing ? -1 : 1));
      return;
    }
    if (tag.name == content_tag_) content_ = std::max(0, content_ + (tag.closing ? -1 : 1));
    if (tag.name == "h1") in_heading_ = !tag.closing && heading_bytes_ == 0;
    if (in_heading_) inline_layout(tag, heading_);
    if (visible()) layout(tag);
  }

  // What sets inline text apart, in a heading too.
  static bool inline_layout(const HtmlTag& tag, PlainTextWriter& writer) {
    if (tag.name == "sup" || tag.name == "sub") {
      if (tag.closing) {
        writer.end_script();
      } else {
        writer.begin_script(tag.name == "sup" ? Script::kSuper : Script::kSub);
      }
    } else if (tag.name == "q") {
      writer.inline_text("\"");
    } else if (tag.name == "br") {
      writer.inline_text(" ");
    } else {
      return false;
    }
    return true;
  }

  void layout(const HtmlTag& tag) {
    if (tag.name == "pre") {
      pre(tag.closing);
    } else if (tag.name == "br") {
      if (preformatted_ > 0) {
        writer_.verbatim("\n");
      } else {
        writer_.line_break();
      }
    } else if (inline_layout(tag, writer_)) {
    } else if (tag.name == "li") {
      item(tag);
    } else if (tag.name == "table") {
      table(tag);
    } else if (tag.name == "tr" || tag.name == "td" || tag.name == "th") {
      cell(tag);
    } else if (tag.name == "ul" || tag.name == "ol") {
      list(tag);
    } else if (tag.name == "p" && !lists_.empty()) {
      writer_.line_break();
    } else if (is_one_of(tag.name, kParagraphs)) {
      writer_.paragraph_break();
    } else if (is_one_of(tag.name, kLines)) {
      writer_.line_break();
    }
  }

  void list(const HtmlTag& tag) {
    if (!tag.closing) {
      int start = 1;
      const std::string_view written = html_attribute(tag, "start");
      std::from_chars(written.data(), written.data() + written.size(), start);
      lists_.push_back({tag.name == "ol", start});
    } else if (!lists_.empty()) {
      lists_.pop_back();
    }
    if (lists_.size() > (tag.closing ? 0 : 1)) {
      writer_.line_break();
    } else {
      writer_.paragraph_break();
    }
  }

  void item(const HtmlTag& tag) {
    if (tag.closing) {
      writer_.end_item();
      return;
    }
    const std::size_t depth = std::min<std::size_t>(lists_.size(), kDeepestIndent);
    std::string mark(depth > 1 ? 2 * (depth - 1) : 0, ' ');
    if (lists_.empty() || !lists_.back().ordered) {
      writer_.begin_item(mark + "- ");
      return;
    }
    int& number = lists_.back().next;
    const std::string_view written = html_attribute(tag, "value");
    std::from_chars(written.data(), written.data() + written.size(), number);
    writer_.begin_item(mark + std::to_string(number) + ". ");
    if (number < kLastNumber) ++number;
  }

  void table(const HtmlTag& tag) {
    if (!tag.closing) {
      tables_.push_back(is_layout_table(html_, at_));
    } else if (!tables_.empty()) {
      tables_.pop_back();
    }
    writer_.end_cell();
    writer_.paragraph_break();
  }

  void cell(const HtmlTag& tag) {
    if (!tables_.empty() && tables_.back()) {
      writer_.paragraph_break();
    } else if (tag.name == "tr") {
      writer_.begin_row();
    } else if (tag.closing) {
      writer_.end_cell();
    } else {
      writer_.begin_cell();
    }
  }

  void pre(bool closing) {
    if (!closing && preformatted_++ == 0) {
      writer_.end_item();
      writer_.paragraph_break();
      writer_.verbatim("```\n");
    } else if (closing && preformatted_ > 0 && --preformatted_ == 0) {
      writer_.line_break();
      writer_.verbatim("```");
      writer_.paragraph_break();
    }
  }

  // Elements whose content is not mark-up up to their end tag.
  void raw_element(const std::string& name) {
    const std::size_t end = find_closing(html_, at_, name);
    if (name == "title" && title_.empty()) {
      title_ = decode_references(html_.substr(at_, std::min<std::size_t>(end - at_, 1000)));
    } else if (name == "textarea") {
      text(html_.substr(at_, end - at_));
    }
    at_ = end < html_.size() ? read_html_tag(html_, end).end : end;
  }

  std::string_view html_;
  bool choosy_;
  std::string_view content_tag_;  // only what is inside this element counts
  std::size_t at_ = 0;
  PlainTextWriter writer_;
  std::string title_;
  PlainTextWriter heading_;  // the first <h1>
  std::size_t heading_bytes_ = 0;
  struct List {
    bool ordered;
    int next;
  };
  std::vector<List> lists_;
  std::vector<bool> tables_;  // for each that is open: does it only lay out the page?
  bool in_heading_ = false;
  int hidden_ = 0;
  int content_ = 0;
  int preformatted_ = 0;
};

}  // namespace

PlainText html_to_text(std::string_view html) {
  if (html.substr(0, 3) == "\xEF\xBB\xBF") html.remove_prefix(3);
  PlainText result = Converter(html, true).run();
  // A page that never closes its <nav> would come out empty: take everything then.
  if (result.text.empty()) result = Converter(html, false).run();
  return result;
}

}  // namespace parley::text
