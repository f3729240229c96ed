#include "message/part_json.hpp"

#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "base/error.hpp"

namespace parley::message {
namespace {

template <typename T>
constexpr bool is_optional = false;
template <typename T>
constexpr bool is_optional<std::optional<T>> = true;

template <typename Kind>
Json kind_to_json(const Kind& part) {
  Json out = {{"type", Kind::kType}};
  auto write = [&](const char* name, const char*, auto member) {
    const auto& value = part.*member;
    if constexpr (is_optional<std::remove_cvref_t<decltype(value)>>) {
      if (value) out[name] = *value;
    } else {
      out[name] = value;
    }
  };
  Kind::describe(write);
  return out;
}

void read_value(const Json& json, const std::string& where, std::string& value) {
  if (!json.is_string()) fail(ErrorKind::kInvalidInput, where + ": expected a text");
  value = json.get<std::string>();
}

void read_value(const Json& json, const std::string& where, bool& value) {
  if (!json.is_boolean()) fail(ErrorKind::kInvalidInput, where + ": expected true or false");
  value = json.get<bool>();
}

template <typename T>
void read_value(const Json& json, const std::string& where, std::optional<T>& value) {
  if (!json.is_null()) read_value(json, where, value.emplace());
}

template <typename Kind>
Part kind_from_json(const Json& json, const std::string& where) {
  Kind part;
  std::set<std::string, std::less<>> known = {"type"};
  auto read = [&](const char* name, const char*, auto member) {
    auto& value = part.*member;
    known.insert(name);
    const auto found = json.find(name);
    if (found != json.end()) {
      read_value(*found, where + "." + name, value);
    } else if constexpr (!is_optional<std::remove_cvref_t<decltype(value)>>) {
      fail(ErrorKind::kInvalidInput, where + "." + name + ": missing",
           std::string("a ") + Kind::kType + " part must have it");
    }
  };
  Kind::describe(read);
  for (const auto& [name, value] : json.items()) {
    if (known.contains(name)) continue;
    fail(ErrorKind::kInvalidInput, where + "." + name + ": unknown field",
         std::string("a ") + Kind::kType + " part has no such field");
  }
  return part;
}

Part part_from_json(const Json& json, const std::string& where) {
  if (!json.is_object()) fail(ErrorKind::kInvalidInput, where + ": expected an object");
  const auto type = json.find("type");
  if (type == json.end() || !type->is_string())
    fail(ErrorKind::kInvalidInput, where + ".type: expected the name of a kind of part");
  std::optional<Part> found;
  std::string kinds;
  for_each_kind([&]<typename Kind>(const Kind&) {
    kinds += (kinds.empty() ? "" : ", ") + std::string(Kind::kType);
    if (*type == Kind::kType) found = kind_from_json<Kind>(json, where);
  });
  if (!found) {
    fail(ErrorKind::kInvalidInput,
         where + ".type: unknown kind of part '" + type->get<std::string>() + "'",
         "expected one of " + kinds);
  }
  return std::move(*found);
}

}  // namespace

Json to_json(const Part& part) {
  return std::visit([](const auto& kind) { return kind_to_json(kind); }, part);
}

Json to_json(const Parts& parts) {
  Json out = Json::array();
  for (const Part& part : parts) out.push_back(to_json(part));
  return out;
}

Parts parts_from_json(const Json& json, std::string_view where) {
  if (!json.is_array())
    fail(ErrorKind::kInvalidInput, std::string(where) + ": expected a list of parts");
  Parts out;
  for (std::size_t i = 0; i < json.size(); ++i)
    out.push_back(part_from_json(json[i], std::string(where) + "[" + std::to_string(i) + "]"));
  return out;
}

}  // namespace parley::message
