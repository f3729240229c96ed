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
  explicit SchemaDocument(const OrderedJson& root);

  const OrderedJson& root() const { return root_; }

  // The keyword of a schema object, or null.
  const OrderedJson* find(const OrderedJson& schema, const char* keyword) const;
  // "#/properties/age/minimum"
  std::string path(const OrderedJson& value) const;
  // kInvalidInput "#/properties/age/minimum: WHAT".
  [[noreturn]] void error(const OrderedJson& value, const std::string& what,
                          std::string hint = {}) const;
  [[noreturn]] void unsupported(const OrderedJson& keyword) const;

  // Follows "#", "#/$defs/x", "#anchor" and the same after the document's own $id.
  const OrderedJson& resolve(const OrderedJson& reference) const;

  // Checked keyword values; nothing when the keyword is absent.
  std::optional<std::uint32_t> count(const OrderedJson& schema, const char* keyword) const;
  std::optional<std::string> text(const OrderedJson& schema, const char* keyword) const;
  const OrderedJson* object(const OrderedJson& schema, const char* keyword) const;
  const OrderedJson* array(const OrderedJson& schema, const char* keyword) const;
  bool flag(const OrderedJson& schema, const char* keyword) const;
  // A keyword whose value is a schema: an object or a boolean. Checks any value.
  const OrderedJson* schema(const OrderedJson& schema, const char* keyword) const;
  const OrderedJson& check_schema(const OrderedJson& value) const;

 private:
  struct Place {
    const OrderedJson* parent;
    std::string_view key;  // of an object
    std::size_t index;     // of an array
  };
  const OrderedJson& follow_pointer(std::string_view pointer, const OrderedJson& reference) const;

  const OrderedJson& root_;
  std::unordered_map<const OrderedJson*, Place> places_;
  std::unordered_map<std::string, const OrderedJson*> anchors_;
};

}  // namespace parley::engine
