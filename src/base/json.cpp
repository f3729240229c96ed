#include "base/json.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"

template class nlohmann::basic_json<>;
template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace parley {
namespace {

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + std::min(offset, text.size()), '\n'));
}

// Depth is checked on the raw text first: the parser itself recurses once per level.
void check_depth(std::string_view text, std::string_view where, std::size_t max_depth) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) {
        fail(ErrorKind::kInvalidInput,
             std::string(where) + ":" + std::to_string(line_of(text, i)) +
                 ": JSON nested deeper than " + std::to_string(max_depth) + " levels",
             "flatten the document");
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
}

template <typename AnyJson>
AnyJson parse(std::string_view text, std::string_view where, std::size_t max_depth) {
  check_depth(text, where, max_depth);
#if !defined(__cpp_exceptions)
  Json value = Json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) fail(ErrorKind::kInvalidInput, std::string(where) + ": not valid JSON");
  return value;
#else
  try {
    return AnyJson::parse(text.begin(), text.end());
  } catch (const typename AnyJson::parse_error& e) {
    std::string why =
        e.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: WHY"
    if (const auto at = why.find(": "); at != std::string::npos) why = why.substr(at + 2);
    fail(ErrorKind::kInvalidInput,
         std::string(where) + ":" + std::to_string(line_of(text, e.byte ? e.byte - 1 : 0)) +
             ": not valid JSON: " + why,
         "check that the text is complete and properly quoted");
  } catch (const typename AnyJson::out_of_range& e) {  // "…406] number overflow parsing '1e999'"
    std::string why = e.what();
    if (const auto at = why.find("] "); at != std::string::npos) why = why.substr(at + 2);
    fail(ErrorKind::kInvalidInput, std::string(where) + ": not valid JSON: " + why,
         "a number must fit in a double");
  }
#endif
}

}  // namespace

Json parse_json(std::string_view text, std::string_view where, std::size_t max_depth) {
  return parse<Json>(text, where, max_depth);
}

OrderedJson parse_ordered_json(std::string_view text, std::string_view where,
                               std::size_t max_depth) {
  return parse<OrderedJson>(text, where, max_depth);
}

Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes) {
  return parse_json(read_file(path, max_bytes), path.string());
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}
std::string to_text(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace parley
