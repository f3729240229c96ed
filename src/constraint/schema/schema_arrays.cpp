// array: items by position, and how many.
#include <algorithm>

#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

// What the item at `index` must satisfy; nothing when there can be none.
SchemaCompiler::MaybeParts SchemaCompiler::item(const Parts& parts, std::size_t index) {
  Parts out;
  for (const Json* part : parts) {
    const Json& schema = *part;
    const Json* items = document_.find(schema, "items");
    // Until draft 2019-09, "items" could be the list and "additionalItems" the rest.
    const bool old = items != nullptr && items->is_array();
    const Json* list = old ? items : document_.array(schema, "prefixItems");
    const Json* rest =
        old ? document_.schema(schema, "additionalItems") : document_.schema(schema, "items");
    if (list != nullptr && index < list->size()) {
      out.push_back(&(*list)[index]);
    } else if (rest != nullptr) {
      out.push_back(rest);
    } else if (list != nullptr && !options_.open_by_default) {
      return std::nullopt;
    }
  }
  return conjunction(out);
}

void SchemaCompiler::add_array(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to) {
  std::size_t least = 0, most = GrammarBuilder::kUnbounded, listed = 0;
  for (const Json* part : parts) {
    const Json& schema = *part;
    least = std::max<std::size_t>(least, document_.count(schema, "minItems").value_or(0));
    most = std::min<std::size_t>(most, document_.count(schema, "maxItems").value_or(~0u));
    const Json* items = document_.find(schema, "items");
    const bool old = items != nullptr && items->is_array();
    const Json* list = old ? items : document_.array(schema, "prefixItems");
    if (list != nullptr) listed = std::max(listed, list->size());
  }
  const bool bounded = most != GrammarBuilder::kUnbounded;
  constexpr std::size_t kMaxCounted = 10'000;
  if (least > kMaxCounted || (bounded && most > kMaxCounted)) {
    document_.error(*parts.front(), "minItems and maxItems beyond 10,000 are not supported");
  }
  // From this place on, all items are alike and need no counting.
  const std::size_t alike = std::max({listed, least, std::size_t{1}});
  spend(bounded ? most : alike);

  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '[', '[', open);
  nfa.add_edge(close, ']', ']', to);
  if (least == 0) add_blank(nfa, open, close);
  if (most == 0) return;
  std::uint32_t at = nfa.add_state();  // where an item begins
  add_blank(nfa, open, at);
  MaybeParts value;
  for (std::size_t i = 0;; ++i) {
    if (i <= listed) value = item(parts, i);
    if (!value) return;
    const std::uint32_t after = nfa.add_state();
    add_value(nfa, at, value, after);
    if (i + 1 >= least) add_blank(nfa, after, close);
    if (i + 1 == most) return;
    const std::uint32_t next = add_comma(nfa, after);
    if (!bounded && i >= alike) return nfa.add_epsilon(next, at);
    at = next;
  }
}

}  // namespace parley::engine
