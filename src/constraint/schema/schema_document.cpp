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

// A relative address in a document that has `base`, as RFC 3986 has it but for "..".
std::string resolved(std::string_view base, std::string_view address) {
  const auto scheme = [](std::string_view text) {
    const std::size_t colon = text.find_first_of(":/?");
    return colon != std::string_view::npos && text[colon] == ':' ? colon + 1 : std::size_t{0};
  };
  if (scheme(address) != 0 || base.empty()) return std::string(address);
  std::size_t keep = scheme(base);  // of the base
  if (base.substr(keep).starts_with("//")) keep = std::min(base.find('/', keep + 2), base.size());
  if (!address.starts_with('/')) {
    const std::size_t slash = base.rfind('/');
    if (slash != std::string_view::npos && slash >= keep) keep = slash + 1;
  }
  while (address.starts_with("./")) address.remove_prefix(2);
  return std::string(base.substr(0, keep)) + std::string(address);
}

}  // namespace

SchemaDocument::SchemaDocument(const Json& root) : root_(root), resources_{{&root, {}}} {
  constexpr std::size_t kMaxDepth = 100, kMaxValues = 200'000;
  struct Visit {
    const Json* value;
    std::size_t depth, resource;
  };
  const auto check_text = [&](const Json& at, std::string_view text) {
    if (!text::is_valid_utf8(text)) error(at, "text that is not UTF-8");
  };
  std::vector<Visit> todo{{&root, 0, 0}};
  places_.emplace(&root, Place{nullptr, {}, 0});
  resource_with_root_.emplace(&root, 0);
  while (!todo.empty()) {
    auto [value, depth, resource] = todo.back();
    todo.pop_back();
    if (depth > kMaxDepth) error(*value, "nested deeper than 100 levels", "use $defs and $ref");
    if (places_.size() > kMaxValues) {
      fail(ErrorKind::kInvalidInput, "JSON schema: more than 200,000 values", "use $defs and $ref");
    }
    if (value->is_string()) check_text(*value, value->get_ref<const std::string&>());
    if (value->is_object()) {
      resource = open_resources(*value, resource);
      for (const auto& [key, item] : value->items()) {
        places_.emplace(&item, Place{value, key, 0});
        check_text(*value, key);
        todo.push_back({&item, depth + 1, resource});
      }
    } else if (value->is_array()) {
      for (std::size_t i = 0; i < value->size(); ++i) {
        places_.emplace(&(*value)[i], Place{value, {}, i});
        todo.push_back({&(*value)[i], depth + 1, resource});
      }
    }
  }
}

std::size_t SchemaDocument::open_resources(const Json& object, std::size_t inside) {
  for (const char* keyword : {"$id", "id"}) {
    const Json* id = find(object, keyword);
    if (id == nullptr || !id->is_string()) continue;
    const std::string_view name = id->get_ref<const std::string&>();
    const std::size_t hash = name.find('#');
    if (hash != std::string_view::npos && hash + 1 < name.size())
      anchors_.emplace(name.substr(hash + 1), &object);
    const std::string_view own = name.substr(0, hash);
    if (own.empty()) continue;
    const std::string address = resolved(resources_[inside].address, own);
    inside = resources_.size();
    resources_.push_back({&object, address});
    resource_at_.emplace(address, inside);
    resource_at_.emplace(own, inside);
    resource_with_root_[&object] = inside;
  }
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    const Json* name = find(object, keyword);
    if (name == nullptr || !name->is_string()) continue;
    anchors_.emplace(name->get_ref<const std::string&>(), &object);
    if (keyword[1] == 'd') ++dynamic_[name->get_ref<const std::string&>()];
  }
  return inside;
}

const SchemaDocument::Resource& SchemaDocument::resource_of(const Json& value) const {
  for (const Json* at = &value; at != nullptr;) {
    const auto own = resource_with_root_.find(at);
    if (own != resource_with_root_.end()) return resources_[own->second];
    const auto place = places_.find(at);
    at = place == places_.end() ? nullptr : place->second.parent;
  }
  return resources_.front();
}

const Json& SchemaDocument::keep(Json made, const Json& origin) {
  const Json& kept = made_.emplace_back(std::move(made));
  std::vector<const Json*> todo{&kept};
  while (!todo.empty()) {
    const Json* value = todo.back();
    todo.pop_back();
    places_.insert_or_assign(value, Place{&origin, {}, 0, true});
    if (!value->is_structured()) continue;
    for (const Json& item : *value) todo.push_back(&item);
  }
  return kept;
}

bool SchemaDocument::is_made(const Json& value) const {
  const auto place = places_.find(&value);
  return place != places_.end() && place->second.made;
}

const Json* SchemaDocument::find_made(const Json& schema, const char* keyword) const {
  const Json* found = find(schema, keyword);
  return found != nullptr && is_made(*found) ? found : nullptr;
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
    if (place->second.made) continue;
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
  const std::string_view target = reference.get_ref<const std::string&>();
  const std::size_t hash = target.find('#');
  const std::string_view address = target.substr(0, hash);
  const std::string_view inside =
      hash == std::string_view::npos ? std::string_view() : target.substr(hash + 1);
  const Resource* resource = &resource_of(reference);
  if (!address.empty()) {
    auto at = resource_at_.find(resolved(resource->address, address));
    if (at == resource_at_.end()) at = resource_at_.find(std::string(address));
    if (at == resource_at_.end()) {
      error(reference, "only references within the schema are followed",
            "copy the definition into $defs");
    }
    resource = &resources_[at->second];
  }
  if (inside.empty()) return *resource->root;
  const Json* found = nullptr;
  if (inside.front() == '/') {
    found = follow_pointer(*resource->root, inside);
    // Generators give every schema an address and refer to the document's root nevertheless.
    if (found == nullptr) found = follow_pointer(root_, inside);
  } else if (const auto anchor = anchors_.find(std::string(inside)); anchor != anchors_.end()) {
    found = anchor->second;
    const auto dynamic = dynamic_.find(anchor->first);
    if (dynamic != dynamic_.end() && dynamic->second > 1) {
      error(reference,
            "names an anchor that several schemas have: which one holds depends on "
            "where it is asked",
            "give each its own name and use $ref");
    }
  }
  if (found == nullptr) error(reference, "names nothing in this schema");
  return *found;
}

const Json* SchemaDocument::follow_pointer(const Json& root, std::string_view pointer) const {
  const Json* at = &root;
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
    if (next == nullptr) return nullptr;
    at = next;
  }
  return at;
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
