// What a document becomes: a title and plain text. Block structure stays visible (empty lines, "- "
// items, " | " between cells, ``` around code); inline mark-up goes.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

struct PlainText {
  std::string title;  // the document's own title, empty if it names none
  std::string text;
};

// Collects blocks and inline text. White space inside a block is one space; blocks are set apart by
// one or two line ends.
class PlainTextWriter {
 public:
  void inline_text(std::string_view text);  // collapses white space
  void verbatim(std::string_view text);     // keeps it
  void line_break();                        // one line end
  void paragraph_break();                   // an empty line
  std::string take();                       // the text so far, without space around it

 private:
  void flush();
  std::string out_;
  int pending_lines_ = 0;  // line ends owed before the next character
  bool pending_space_ = false;
};

}  // namespace parley::text
