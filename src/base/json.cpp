#include "base/json.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

template class nlohmann::basic_json<parley::JsonObject>;

namespace parley {
namespace {

// Tells how far the parser has read, which its events do not.
struct Reading {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  const char* at;
  const char** furthest;

  char operator*() const { return *at; }
  Reading& operator++() {
    *furthest = ++at;
    return *this;
  }
  Reading operator++(int) {
    const Reading before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Reading& other) const { return at == other.at; }
  bool operator!=(const Reading& other) const { return at != other.at; }
};

// Builds a value from the parser's events. An event that returns false ends the parse.
class JsonBuilder {
 public:
  struct Problem {
    std::string why, hint;
  };

  JsonBuilder(std::size_t max_depth, RepeatedName repeated)
      : max_depth_(max_depth), repeated_(repeated) {}

  Json take() { return std::move(root_); }
  const Problem& problem() const { return problem_; }

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string&) { return add(value); }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return false; }  // in no text
  bool start_object(std::size_t) { return open(Json::object()); }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    auto& object = open_.back()->get_ref<Json::object_t&>();
    const auto [at, is_new] = object.emplace(std::move(name), nullptr);
    if (!is_new && repeated_ == RepeatedName::kRefused)
      return refuse(to_text(at->first) + " is given twice in one object", "give each name once");
    member_ = &at->second;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: WHY"
    // "[json.exception.out_of_range.406] number overflow parsing '1e999'"
    std::string why = e.what();
    const bool overflow = why.find("out_of_range") != std::string::npos;
    const std::string_view before = overflow ? "] " : ": ";
    if (const auto at = why.find(before); at != std::string::npos)
      why = why.substr(at + before.size());
    return refuse("not valid JSON: " + why,
                  overflow ? "a number must fit in a double"
                           : "check that the text is complete and properly quoted");
  }

 private:
  bool refuse(std::string why, std::string hint) {
    problem_ = {std::move(why), std::move(hint)};
    return false;
  }
  Json* place(Json&& value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (open_.back()->is_object()) {
      *member_ = std::move(value);
      return member_;
    }
    open_.back()->push_back(std::move(value));
    return &open_.back()->back();
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() >= max_depth_) {
      return refuse("JSON nested deeper than " + std::to_string(max_depth_) + " levels",
                    "flatten the document");
    }
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::size_t max_depth_;
  const RepeatedName repeated_;
  Json root_;
  std::vector<Json*> open_;  // the arrays and objects around the next value
  Json* member_ = nullptr;   // of the innermost object, whose value comes next
  Problem problem_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view where, std::size_t max_depth,
                RepeatedName repeated) {
  JsonBuilder builder(max_depth, repeated);
  const char* const begin = text.data();
  const char* furthest = begin;
  const Reading first{begin, &furthest}, last{begin + text.size(), &furthest};
  if (!Json::sax_parse(first, last, &builder)) {
    const auto line = 1 + std::count(begin, furthest - (furthest == begin ? 0 : 1), '\n');
    fail(ErrorKind::kInvalidInput,
         std::string(where) + ":" + std::to_string(line) + ": " + builder.problem().why,
         builder.problem().hint);
  }
  return builder.take();
}

std::optional<Json> try_parse_json(std::string_view text, std::size_t max_depth) {
  JsonBuilder builder(max_depth, RepeatedName::kLastHolds);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return builder.take();
}

Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes,
                    RepeatedName repeated) {
  return parse_json(read_file(path, max_bytes), path.string(), kJsonDepth, repeated);
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_text(const Json& value) {
  if (!value.is_structured()) return to_text(value);
  std::string out(1, value.is_object() ? '{' : '[');
  const auto separate = [&] {
    if (out.size() > 1) out += ',';
  };
  if (value.is_object()) {
    for (const auto* member : value.get_ref<const Json::object_t&>().sorted()) {
      separate();
      out += to_text(member->first) + ':' + canonical_text(member->second);
    }
  } else {
    for (const Json& item : value) {
      separate();
      out += canonical_text(item);
    }
  }
  return out + (value.is_object() ? '}' : ']');
}

}  // namespace parley
