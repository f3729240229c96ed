#include "constraint/schema/schema_document.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "text/utf8.hpp"

namespace parley::engine {
namespace {

// One reference token of a JSON Pointer in a URI fragment: %25 and ~0 ~1 undone.
std::string unescape(std::string_view token) {
  const auto hex = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 32);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string bytes;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '%' && i + 2 < token.size() && hex(token[i + 1]) >= 0 &&
        hex(token[i + 2]) >= 0) {
      bytes += static_cast<char>(hex(token[i + 1]) * 16 + hex(token[i + 2]));
      i += 2;
    } else {
      bytes += token[i];
    }
  }
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool escaped = bytes[i] == '~' && i + 1 < bytes.size();
    if (escaped && (bytes[i + 1] == '0' || bytes[i + 1] == '1')) {
      out += bytes[++i] == '0' ? '~' : '/';
    } else {
      out += bytes[i];
    }
  }
  return out;
}

std::string escape(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

SchemaDocument::SchemaDocument(const Json& root) : root_(root) {
  constexpr std::size_t kMaxDepth = 100, kMaxValues = 200'000;
  struct Visit {
    const Json* value;
    std::size_t depth;
  };
  const auto check_text = [&](const Json& at, std::string_view text) {
    if (!text::is_valid_utf8(text)) error(at, "text that is not UTF-8");
  };
  std::vector<Visit> todo{{&root, 0}};
  places_.emplace(&root, Place{nullptr, {}, 0});
  while (!todo.empty()) {
    const auto [value, depth] = todo.back();
    todo.pop_back();
    if (depth > kMaxDepth) error(*value, "nested deeper than 100 levels", "use $defs and $ref");
    if (places_.size() > kMaxValues) {
      fail(ErrorKind::kInvalidInput, "JSON schema: more than 200,000 values", "use $defs and $ref");
    }
    if (value->is_string()) check_text(*value, value->get_ref<const std::string&>());
    if (value->is_object()) {
      for (const auto& [key, item] : value->items()) {
        places_.emplace(&item, Place{value, key, 0});
        check_text(*value, key);
        todo.push_back({&item, depth + 1});
        if (!item.is_string()) continue;
        const auto& name = item.get_ref<const std::string&>();
        if (key == "$anchor") anchors_.emplace(name, value);
        if (key == "$id" && name.starts_with('#')) anchors_.emplace(name.substr(1), value);
      }
    } else if (value->is_array()) {
      for (std::size_t i = 0; i < value->size(); ++i) {
        places_.emplace(&(*value)[i], Place{value, {}, i});
        todo.push_back({&(*value)[i], depth + 1});
      }
    }
  }
}

const Json* SchemaDocument::find(const Json& schema, const char* keyword) const {
  if (!schema.is_object()) return nullptr;
  const auto at = schema.find(keyword);
  return at == schema.end() ? nullptr : &*at;
}

std::string SchemaDocument::path(const Json& value) const {
  std::vector<std::string> steps;
  const Json* at = &value;
  for (auto place = places_.find(at); place != places_.end() && place->second.parent != nullptr;
       place = places_.find(at)) {
    at = place->second.parent;
    steps.push_back(at->is_array() ? std::to_string(place->second.index)
                                   : escape(place->second.key));
  }
  std::string out = "#";
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) out += "/" + *step;
  return text::repair_utf8(out);
}

void SchemaDocument::error(const Json& value, const std::string& what, std::string hint) const {
  fail(ErrorKind::kInvalidInput, "JSON schema, " + path(value) + ": " + what, std::move(hint));
}

void SchemaDocument::unsupported(const Json& keyword) const {
  fail(ErrorKind::kInvalidInput, "JSON schema: " + path(keyword) + " is not supported",
       "docs/structured-output.md lists what is");
}

const Json& SchemaDocument::resolve(const Json& reference) const {
  if (!reference.is_string()) error(reference, "a reference must be a string");
  std::string_view target = reference.get_ref<const std::string&>();
  if (const Json* id = find(root_, "$id"); id != nullptr && id->is_string()) {
    std::string_view own = id->get_ref<const std::string&>();
    while (own.ends_with('#')) own.remove_suffix(1);
    if (!own.empty() && target.starts_with(own) &&
        (target.size() == own.size() || target[own.size()] == '#')) {
      target.remove_prefix(own.size());
      if (target.empty()) return root_;
    }
  }
  if (!target.starts_with('#')) {
    error(reference, "only references within the schema are followed",
          "copy the definition into $defs");
  }
  target.remove_prefix(1);
  if (target.empty()) return root_;
  if (target.front() == '/') return follow_pointer(target, reference);
  const auto anchor = anchors_.find(std::string(target));
  if (anchor == anchors_.end()) error(reference, "names nothing in this schema");
  return *anchor->second;
}

const Json& SchemaDocument::follow_pointer(std::string_view pointer, const Json& reference) const {
  const Json* at = &root_;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::string token = unescape(pointer.substr(0, end));
    pointer.remove_prefix(end);
    const Json* next = nullptr;
    if (at->is_object()) {
      if (const auto item = at->find(token); item != at->end()) next = &*item;
    } else if (at->is_array() && !token.empty() && token.size() < 7 &&
               token.find_first_not_of("0123456789") == std::string::npos) {
      const std::size_t index = std::stoul(token);
      if (index < at->size()) next = &(*at)[index];
    }
    if (next == nullptr) error(reference, "names nothing in this schema");
    at = next;
  }
  return *at;
}

std::optional<std::uint32_t> SchemaDocument::count(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value == nullptr) return std::nullopt;
  constexpr double kLargest = 4e9;
  const bool whole = value->is_number() && std::floor(value->get<double>()) == value->get<double>();
  if (!whole || value->get<double>() < 0) error(*value, "must be a whole number, 0 or more");
  return static_cast<std::uint32_t>(std::min(value->get<double>(), kLargest));
}

std::optional<std::string> SchemaDocument::text(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) error(*value, "must be a string");
  return value->get<std::string>();
}

const Json* SchemaDocument::object(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value != nullptr && !value->is_object()) error(*value, "must be an object");
  return value;
}

const Json* SchemaDocument::array(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value != nullptr && !value->is_array()) error(*value, "must be an array");
  return value;
}

bool SchemaDocument::flag(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value == nullptr) return false;
  if (!value->is_boolean()) error(*value, "must be true or false");
  return value->get<bool>();
}

const Json* SchemaDocument::schema(const Json& schema, const char* keyword) const {
  const Json* value = find(schema, keyword);
  if (value != nullptr) check_schema(*value);
  return value;
}

const Json& SchemaDocument::check_schema(const Json& value) const {
  if (!value.is_object() && !value.is_boolean()) {
    error(value, "must be a schema: an object, true or false");
  }
  return value;
}

}  // namespace parley::engine
