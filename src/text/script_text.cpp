#include "text/script_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/fold.hpp"
#include "text/utf8.hpp"

namespace parley::text {
namespace {

struct Scripted {
  char32_t plain, super, sub;  // 0: there is none
};

constexpr Scripted kScripted[] = {
    {U'0', 0x2070, 0x2080},   {U'1', 0xB9, 0x2081},   {U'2', 0xB2, 0x2082},
    {U'3', 0xB3, 0x2083},     {U'4', 0x2074, 0x2084}, {U'5', 0x2075, 0x2085},
    {U'6', 0x2076, 0x2086},   {U'7', 0x2077, 0x2087}, {U'8', 0x2078, 0x2088},
    {U'9', 0x2079, 0x2089},   {U'+', 0x207A, 0x208A}, {U'-', 0x207B, 0x208B},
    {0x2212, 0x207B, 0x208B}, {U'=', 0x207C, 0x208C}, {U'(', 0x207D, 0x208D},
    {U')', 0x207E, 0x208E},   {U'n', 0x207F, 0x2099}, {U'i', 0x2071, 0x1D62}};

// What is set small behind numbers and names, and says the same in the line.
constexpr std::array kEndings = {
    std::string_view("st"), std::string_view("nd"), std::string_view("rd"), std::string_view("th"),
    std::string_view("er"), std::string_view("re"), std::string_view("e"),  std::string_view("eme"),
    std::string_view("a"),  std::string_view("o")};
constexpr std::array kMarks = {
    std::string_view("tm"), std::string_view("sm"), std::string_view("™"), std::string_view("®"),
    std::string_view("℠"),  std::string_view("©"),  std::string_view("*"), std::string_view("†")};

std::string in_unicode(Script script, std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    const auto* found = std::find_if(std::begin(kScripted), std::end(kScripted),
                                     [&](const Scripted& each) { return each.plain == c.value; });
    if (found == std::end(kScripted)) return {};
    append_code_point(out, script == Script::kSuper ? found->super : found->sub);
  }
  return out;
}

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string script_text(Script script, std::string_view text, std::string_view before) {
  if (text.empty() || before.empty()) return std::string(text);
  if (std::string out = in_unicode(script, text); !out.empty()) return out;
  const std::string folded = fold_characters(text);
  const auto is_among = [&](const auto& list) {
    return std::find(list.begin(), list.end(), folded) != list.end();
  };
  if (is_among(kMarks) || (is_ascii_digit(before.back()) && is_among(kEndings))) {
    return std::string(text);
  }
  if (text.front() == '[') return std::string(text);  // a reference to a note
  const bool one_word = std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
  });
  const std::string mark = script == Script::kSuper ? "^" : "_";
  return one_word ? mark + std::string(text) : mark + "(" + std::string(text) + ")";
}

}  // namespace parley::text
