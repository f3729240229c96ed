#include "text/html.hpp"

#include <algorithm>
#include <array>

#include "text/entities.hpp"

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
    std::string_view("p"),       std::string_view("h1"),         std::string_view("h2"),
    std::string_view("h3"),      std::string_view("h4"),         std::string_view("h5"),
    std::string_view("h6"),      std::string_view("ul"),         std::string_view("ol"),
    std::string_view("dl"),      std::string_view("table"),      std::string_view("blockquote"),
    std::string_view("section"), std::string_view("article"),    std::string_view("main"),
    std::string_view("header"),  std::string_view("figure"),     std::string_view("form"),
    std::string_view("hr"),      std::string_view("figcaption"), std::string_view("details")};
constexpr std::array kLines = {std::string_view("div"),     std::string_view("br"),
                               std::string_view("tr"),      std::string_view("dt"),
                               std::string_view("dd"),      std::string_view("address"),
                               std::string_view("summary"), std::string_view("caption"),
                               std::string_view("option"),  std::string_view("body")};

struct Tag {
  std::string name;  // lower case, empty: not a tag
  bool closing = false;
  bool self_closing = false;
  std::size_t end = 0;  // offset behind '>'
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

// Reads the tag at html[at] == '<'. Attribute values in quotes may hold '>'.
Tag read_tag(std::string_view html, std::size_t at) {
  Tag tag;
  std::size_t i = at + 1;
  if (i < html.size() && html[i] == '/') {
    tag.closing = true;
    ++i;
  }
  if (i >= html.size() || !is_letter(html[i])) return tag;
  while (i < html.size() && !is_space(html[i]) && html[i] != '>' && html[i] != '/') {
    if (tag.name.size() < 32) tag.name.push_back(lower(html[i]));
    ++i;
  }
  char last = 0;
  bool value = false;  // behind '=': a quote opens a quoted value
  while (i < html.size() && html[i] != '>') {
    const char c = html[i];
    if (value && (c == '"' || c == '\'')) {
      const std::size_t close = html.find(c, i + 1);
      if (close == std::string_view::npos) break;  // unclosed: the tag ends at the next '>'
      i = close;
      value = false;
    } else if (c == '=') {
      value = true;
    } else if (!is_space(c)) {
      value = false;
    }
    last = html[i];
    ++i;
  }
  i = std::min(html.find('>', i), html.size());
  tag.self_closing = last == '/';
  tag.end = std::min(i + 1, html.size());
  return tag;
}

// Offset of "</name" at or after `at`, or the end.
std::size_t find_closing(std::string_view html, std::size_t at, std::string_view name) {
  while ((at = html.find("</", at)) != std::string_view::npos) {
    const std::string_view rest = html.substr(at + 2, name.size());
    if (rest.size() == name.size() && std::equal(rest.begin(), rest.end(), name.begin(),
                                                 [](char a, char b) { return lower(a) == b; })) {
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
                    [](char a, char b) { return lower(a) == b; })) {
      continue;
    }
    const std::size_t next = at + 1 + name.size();
    if (next < html.size() && (html[next] == '>' || is_space(html[next]))) return true;
  }
  return false;
}

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
    PlainTextWriter title;
    title.inline_text(title_.empty() ? first_heading_ : title_);
    return {title.take(), writer_.take()};
  }

 private:
  bool visible() const { return hidden_ == 0 && (content_tag_.empty() || content_ > 0); }

  void text(std::string_view raw) {
    if (raw.empty()) return;
    const bool heading = in_heading_ && first_heading_.size() < 300;
    if (!heading && !visible()) return;
    const std::string decoded = decode_entities(raw);
    if (heading) first_heading_ += decoded;
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
      const Tag tag = read_tag(html_, at_);
      if (tag.name.empty()) {  // a bare '<' is text
        text("<");
        ++at_;
      } else {
        at_ = tag.end;
        handle(tag);
      }
    }
  }

  void handle(const Tag& tag) {
    if (!tag.closing && is_one_of(tag.name, kRawText)) {
      raw_element(tag.name);
      return;
    }
    if (choosy_ && is_one_of(tag.name, kHidden) && !tag.self_closing) {
      hidden_ = std::max(0, hidden_ + (tag.closing ? -1 : 1));
      return;
    }
    if (tag.name == content_tag_) content_ = std::max(0, content_ + (tag.closing ? -1 : 1));
    if (tag.name == "h1") in_heading_ = !tag.closing && first_heading_.empty();
    if (visible()) layout(tag);
  }

  void layout(const Tag& tag) {
    if (tag.name == "pre") {
      pre(tag.closing);
    } else if (tag.name == "li") {
      writer_.line_break();
      if (!tag.closing) writer_.inline_text("- ");
    } else if (tag.name == "td" || tag.name == "th") {
      if (!tag.closing && cells_++ > 0) writer_.inline_text(" | ");
    } else if (is_one_of(tag.name, kParagraphs)) {
      writer_.paragraph_break();
    } else if (is_one_of(tag.name, kLines)) {
      if (tag.name == "tr") cells_ = 0;
      if (preformatted_ > 0 && tag.name == "br") {
        writer_.verbatim("\n");
      } else {
        writer_.line_break();
      }
    }
  }

  void pre(bool closing) {
    if (!closing && preformatted_++ == 0) {
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
      title_ = decode_entities(html_.substr(at_, std::min<std::size_t>(end - at_, 1000)));
    } else if (name == "textarea") {
      text(html_.substr(at_, end - at_));
    }
    at_ = end < html_.size() ? read_tag(html_, end).end : end;
  }

  std::string_view html_;
  bool choosy_;
  std::string_view content_tag_;  // only what is inside this element counts
  std::size_t at_ = 0;
  PlainTextWriter writer_;
  std::string title_;
  std::string first_heading_;
  bool in_heading_ = false;
  int hidden_ = 0;
  int content_ = 0;
  int preformatted_ = 0;
  int cells_ = 0;
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
