// array: items by position, how many, and how many of a kind ("contains").
#include <algorithm>

#include "constraint/schema/schema_compiler.hpp"
#include "constraint/schema/schema_items.hpp"

namespace parley::engine {

// What the item at `index` must satisfy, with `more`; nothing when there can be none.
SchemaCompiler::MaybeParts SchemaCompiler::item(const Parts& parts, std::size_t index,
                                                const Schemas& more) {
  Schemas out;
  // Until draft 2019-09, "items" could be the list and "additionalItems" the rest.
  const auto said = [&](const Json& schema) -> const Json* {
    const Json* items = document_.find(schema, "items");
    const bool old = items != nullptr && items->is_array();
    const Json* list = old ? items : document_.array(schema, "prefixItems");
    if (list != nullptr && index < list->size()) return &(*list)[index];
    return document_.schema(schema, old ? "additionalItems" : "items");
  };
  for (const Part& part : parts) {
    if (const Json* own = said(*part)) out.push_back(own);
    const Json* rest = document_.schema(*part, "unevaluatedItems");
    if (rest == nullptr) continue;
    bool evaluated = false;
    Json kinds = Json::array();  // an item that "contains" has found is evaluated
    for (const Part& one : evaluating(parts, *part)) {
      evaluated = evaluated || said(*one) != nullptr ||
                  (one.schema != part.schema && one.schema->contains("unevaluatedItems"));
      if (const Json* found = document_.schema(*one, "contains")) kinds.push_back(link(*found));
    }
    if (evaluated) continue;
    if (kinds.empty()) {
      out.push_back(rest);
    } else {
      kinds.push_back(link(*rest));
      const Json*& made = made_items_[to_text(kinds)];
      if (made == nullptr) made = &document_.keep(Json{{"anyOf", kinds}}, *rest);
      out.push_back(made);
    }
  }
  out.insert(out.end(), more.begin(), more.end());
  return conjunction(out);
}

// From this place on, all items are alike.
std::size_t SchemaCompiler::listed_items(const Parts& parts) const {
  std::size_t listed = 0;
  for (const Part& part : parts) {
    const Json* items = document_.find(*part, "items");
    const bool old = items != nullptr && items->is_array();
    const Json* list = old ? items : document_.array(*part, "prefixItems");
    if (list != nullptr) listed = std::max(listed, list->size());
    if (const Json* after = document_.find_made(*part, "contains from"))
      listed = std::max(listed, after->get<std::size_t>());
  }
  return listed;
}

std::vector<SchemaCompiler::Contains> SchemaCompiler::contained(const Parts& parts) {
  std::vector<Contains> out;
  for (const Part& part : parts) {
    const Json* kind = document_.schema(*part, "contains");
    if (kind == nullptr) continue;
    const Json* after = document_.find_made(*part, "contains from");
    const std::size_t least = document_.count(*part, "minContains").value_or(1);
    const auto most = document_.count(*part, "maxContains");
    if (least == 0 && !most) continue;
    out.push_back({kind, after == nullptr ? 0 : after->get<std::size_t>(), least,
                   most ? std::size_t{*most} : std::size_t{GrammarBuilder::kUnbounded}});
  }
  return out;
}

void SchemaCompiler::add_array(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to) {
  std::size_t least = 0, most = GrammarBuilder::kUnbounded;
  for (const Part& part : parts) {
    least = std::max<std::size_t>(least, document_.count(*part, "minItems").value_or(0));
    most = std::min<std::size_t>(most, document_.count(*part, "maxItems").value_or(~0u));
  }
  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '[', '[', open);
  nfa.add_edge(close, ']', ']', to);
  if (most > 1 && must_be_unique(parts)) {
    return add_unique_items(nfa, open, parts, least, most, close);
  }
  Items(*this, nfa, parts, least, most).add(open, close);
}

}  // namespace parley::engine
