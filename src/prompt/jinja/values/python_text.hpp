// What Python's str does, on UTF-8: positions are code points, letters and spaces are Unicode's.
// Every text given must be valid UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::text::jinja {

// The byte offset of code point number `index`; text.size() past the end.
std::size_t code_point_offset(std::string_view text, std::int64_t index);
std::vector<std::string_view> split_characters(std::string_view text);

bool is_python_space(char32_t c);
bool is_printable(char32_t c);  // repr() shows it as it is

enum class Side { kLeft, kRight, kBoth };
std::string_view strip(std::string_view text, Side side);  // white space
std::string_view strip(std::string_view text, std::string_view characters, Side side);

// `limit` splits at most; any number where negative.
std::vector<std::string_view> split_space(std::string_view text, std::int64_t limit,
                                          bool from_right);
// REQUIRES: a separator that is not empty.
std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit, bool from_right);
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends);

// The offset of the first or last `part`, or npos. Linear in the sizes.
std::size_t find_part(std::string_view text, std::string_view part, std::size_t from = 0);
std::size_t find_last_part(std::string_view text, std::string_view part);
std::size_t count_parts(std::string_view text, std::string_view part);
// The next place where str.replace() puts something in for `part`, or npos: at or behind `at`,
// where `done` were replaced before.
std::size_t next_replaced(std::string_view text, std::string_view part, std::size_t at,
                          std::int64_t done);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);        // str.title()
std::string title_words(std::string_view text);  // Jinja's filter: words part at space - ( { [ <
std::string swap_case(std::string_view text);

enum class CharacterClass { kAlpha, kDigit, kDecimal, kNumeric, kAlnum, kSpace, kAscii };
bool all_of_class(std::string_view text, CharacterClass what);  // false for empty text, but ASCII
bool is_upper(std::string_view text);
bool is_lower(std::string_view text);
bool is_title(std::string_view text);

}  // namespace parley::text::jinja
