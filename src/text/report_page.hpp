// The HTML page of a report: one file without any outside asset, light and dark by the reader's
// setting.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

// `text` as the content of an element or of a quoted attribute.
std::string escape_html(std::string_view text);

// A whole page. `title` is escaped here; `style` is CSS after what every report has; `body` is
// HTML. Every report has the colours --page, --card, --ink, --soft, --line, --good and --bad.
std::string report_page(std::string_view title, std::string_view style, std::string_view body);

}  // namespace parley::text
