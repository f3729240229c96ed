// A JSON Schema as a document: where each subschema stands (for errors), what references mean, and
// the values of keywords, checked. Nothing here knows what keywords do.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.hpp"

namespace parley::engine {

class SchemaDocument {
 public:
  // `root` must outlive this. Errors: kInvalidInput when it is nested deeper than 100 levels, has
  // more than 200,000 values, or holds text that is not UTF-8.
  explicit SchemaDocument(const Json& root);

  const Json& root() const { return root_; }

  // The keyword of a schema object, or null.
  const Json* find(const Json& schema, const char* keyword) const;
  // "#/properties/age/minimum"
  std::string path(const Json& value) const;
  // kInvalidInput "#/properties/age/minimum: WHAT".
  [[noreturn]] void error(const Json& value, const std::string& what, std::string hint = {}) const;
  [[noreturn]] void unsupported(const Json& keyword) const;

  // Follows "#", "#/$defs/x", "#anchor" and the same after an $id (draft 4: id) of the document.
  const Json& resolve(const Json& reference) const;

  // Keeps a schema that the compiler writes itself. Errors about it name `origin`, which stands in
  // the document or is kept already.
  const Json& keep(Json made, const Json& origin);
  bool is_made(const Json& value) const;
  // A keyword that only kept schemas have.
  const Json* find_made(const Json& schema, const char* keyword) const;

  // Checked keyword values; nothing when the keyword is absent.
  std::optional<std::uint32_t> count(const Json& schema, const char* keyword) const;
  std::optional<std::string> text(const Json& schema, const char* keyword) const;
  const Json* object(const Json& schema, const char* keyword) const;
  const Json* array(const Json& schema, const char* keyword) const;
  bool flag(const Json& schema, const char* keyword) const;
  // A keyword whose value is a schema: an object or a boolean. Checks any value.
  const Json* schema(const Json& schema, const char* keyword) const;
  const Json& check_schema(const Json& value) const;

 private:
  struct Place {
    const Json* parent;    // of what is kept: its origin
    std::string_view key;  // of an object
    std::size_t index;     // of an array
    bool made = false;
  };
  struct Resource {  // a schema with an address of its own, relative to which references are
    const Json* root;
    std::string address;
  };
  // The resources and anchors that a schema object opens; the resource that it is in.
  std::size_t open_resources(const Json& object, std::size_t inside);
  const Resource& resource_of(const Json& value) const;
  const Json* follow_pointer(const Json& root, std::string_view pointer) const;

  const Json& root_;
  std::unordered_map<const Json*, Place> places_;
  std::unordered_map<std::string, const Json*> anchors_;
  std::unordered_map<std::string, std::size_t> dynamic_;  // how many $dynamicAnchor of a name
  std::vector<Resource> resources_;
  std::unordered_map<std::string, std::size_t> resource_at_;  // by address
  std::unordered_map<const Json*, std::size_t> resource_with_root_;
  std::deque<Json> made_;
};

}  // namespace parley::engine
