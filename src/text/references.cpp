#include "text/references.hpp"

#include <gumbo.h>

#include <algorithm>
#include <unordered_map>

#include "text/utf8.hpp"

namespace parley::text {
namespace {

bool is_alphanumeric(char c) {
  const char low = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z');
}

// The first text below `node`, or nothing.
std::string_view first_text(const GumboNode* node) {
  while (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_DOCUMENT) {
    const GumboVector& children =
        node->type == GUMBO_NODE_ELEMENT ? node->v.element.children : node->v.document.children;
    if (children.length == 0) return {};
    node = static_cast<const GumboNode*>(children.data[children.length - 1]);
  }
  return node->v.text.text;
}

// Parses "&…" as the text of a paragraph. A letter before it keeps white space that it may stand
// for.
std::string parse_reference(std::string_view reference) {
  std::string html = "<p>x";
  html += reference;
  GumboOutput* output = gumbo_parse_with_options(&kGumboDefaultOptions, html.data(), html.size());
  std::string text(first_text(output->root));
  gumbo_destroy_output(&kGumboDefaultOptions, output);
  return text.empty() ? std::string(reference) : text.substr(1);
}

// `reference` is '&', then letters, digits and #, and perhaps a semicolon. Texts repeat a few.
const std::string& decoded_reference(std::string_view reference) {
  constexpr std::size_t kRemembered = 4096;
  thread_local std::unordered_map<std::string, std::string> known;
  std::string key(reference);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  if (known.size() >= kRemembered) known.clear();
  std::string text = parse_reference(reference);
  return known.emplace(std::move(key), std::move(text)).first->second;
}

}  // namespace

std::string reference_text(std::string_view name) {
  if (name.empty() || name.size() > kMaxReference) return {};
  const std::size_t letters = name[0] == '#' ? 1 : 0;
  if (letters == name.size() || !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(letters),
                                             name.end(), is_alphanumeric)) {
    return {};
  }
  const std::string& text = decoded_reference("&" + std::string(name) + ";");
  // A reference stands for one or two characters. What is longer was none, or an old name with
  // letters behind it; U+FFFD says that the number is no character's.
  if (count_code_points(text) > 2 || text == "\uFFFD") return {};
  return text;
}

std::string decode_references(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t amp = std::min(text.find('&', at), text.size());
    out.append(text.substr(at, amp - at));
    if (amp == text.size()) break;
    std::size_t end = amp + 1;
    if (end < text.size() && text[end] == '#') ++end;
    while (end < text.size() && is_alphanumeric(text[end])) ++end;
    if (end < text.size() && text[end] == ';') ++end;
    at = end;
    if (end - amp == 1) {  // an ampersand on its own
      out.push_back('&');
    } else if (end - amp > 1'000) {  // no name is so long, nor a number
      out.append(text.substr(amp, end - amp));
    } else {
      out += decoded_reference(text.substr(amp, end - amp));
    }
  }
  return out;
}

}  // namespace parley::text
