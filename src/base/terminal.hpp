// What a terminal shows besides text: whether one is there, its width, colours, and the line that
// is drawn over.
#pragma once

#include <string_view>

namespace parley {

bool stderr_is_terminal();
bool stdout_is_terminal();
int terminal_columns();  // of stderr; 80 when unknown

// A terminal, and NO_COLOR is not set.
bool stderr_has_color();
bool stdout_has_color();

// What to print before and after coloured text; all empty where there is no colour.
struct Style {
  const char *bold = "", *dim = "", *red = "", *green = "", *yellow = "", *cyan = "", *off = "";
  static Style when(bool has_color);
};

// On a terminal only: back to the start of the line, or of the line above, and all of it gone.
inline constexpr std::string_view kClearLine = "\r\x1b[K";
inline constexpr std::string_view kClearTwoLines = "\r\x1b[1A\x1b[J";

}  // namespace parley
