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

enum class Script { kSuper, kSub };

// Collects blocks and inline text. White space inside a block is one space; blocks are set apart by
// one or two line ends. In a table's cell, which must stay in its row, they are set apart by " / ".
class PlainTextWriter {
 public:
  void inline_text(std::string_view text);  // collapses white space
  void verbatim(std::string_view text);     // keeps it
  void line_break();                        // one line end
  void paragraph_break();                   // an empty line

  // An item of a list behind its mark, in a line of its own; in a cell the mark is left out.
  void begin_item(std::string_view mark);
  void end_item();

  // What is written until end_script() is raised or lowered: 10⁶, H₂O, x^(a+b).
  void begin_script(Script script);
  void end_script();

  void begin_row();
  void begin_cell();  // " | " behind another cell of the row
  void end_cell();
  bool in_cell() const { return in_cell_; }

  std::string take();  // the text so far, without space around it

 private:
  void flush();
  bool owes() const {
    return pending_lines_ > 0 || pending_space_ || pending_slash_ || cell_empty_ || item_empty_;
  }
  std::string out_;
  int pending_lines_ = 0;  // line ends owed before the next character
  bool pending_space_ = false;
  bool pending_slash_ = false;  // a break in a cell is owed
  int cells_ = 0;               // of the row
  bool in_cell_ = false;
  bool cell_empty_ = false;  // nothing is written in the cell yet
  bool item_empty_ = false;  // and nothing behind the mark of the item
  bool in_script_ = false;
  Script script_ = Script::kSuper;
  std::string script_text_;
};

}  // namespace parley::text
