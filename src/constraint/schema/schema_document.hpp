// A JSON Schema as a document: where each subschema stands (for errors), what references mean, and
// the values of keywords, checked. Nothing here knows what keywords do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

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

  // Follows "#", "#/$defs/x", "#anchor" and the same after the document's own $id.
  const Json& resolve(const Json& reference) const;

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
    const Json* parent;
    std::string_view key;  // of an object
    std::size_t index;     // of an array
  };
  const Json& follow_pointer(std::string_view pointer, const Json& reference) const;

  const Json& root_;
  std::unordered_map<const Json*, Place> places_;
  std::unordered_map<std::string, const Json*> anchors_;
};

}  // namespace parley::engine
