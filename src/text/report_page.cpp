#include "text/report_page.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kStyle =
    R"(:root { color-scheme: light dark; --page: #f7f7f5; --card: #ffffff; --ink: #16181d; --soft: #5a6069;
  --line: #e3e4e0; --good: #18794e; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --page: #131416; --card: #1c1e22; --ink: #eceef1;
  --soft: #a3a9b3; --line: #303339; --good: #7bd8a8; --bad: #f2b8b5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; overflow-wrap: anywhere; }
)";

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string report_page(std::string_view title, std::string_view style, std::string_view body) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  out += escape_html(title);
  out += "</title>\n<style>\n";
  out += kStyle;
  out += style;
  out += "</style></head><body><main>\n";
  out += body;
  out += "</main></body></html>\n";
  return out;
}

}  // namespace parley::text
