#include "prompt/jinja/runtime.hpp"

#include <algorithm>

#include "prompt/jinja/values/operators.hpp"

namespace parley::text::jinja {

Value Runtime::dict(const std::vector<DictEntry>& entries) {
  std::vector<DictEntry> unique;
  unique.reserve(entries.size());
  for (const DictEntry& entry : entries) {
    charge(unique.size() / 8);
    const auto same = std::find_if(unique.begin(), unique.end(), [&](const DictEntry& other) {
      return equal(*this, other.key, entry.key);
    });
    if (same == unique.end()) {
      unique.push_back(entry);
    } else {
      same->value = entry.value;
    }
  }
  return unique_dict(unique);
}

Value Runtime::unique_dict(const std::vector<DictEntry>& entries) {
  constexpr std::size_t kIndexFrom = 12;  // below, looking through all is as fast
  Dict dict{arena_.copy(entries), nullptr};
  const bool all_text = std::all_of(entries.begin(), entries.end(),
                                    [](const DictEntry& entry) { return entry.key.is_string(); });
  if (entries.size() >= kIndexFrom && all_text) {
    std::vector<std::uint32_t> order(entries.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return entries[a].key.text() < entries[b].key.text();
    });
    dict.by_text = arena_.copy(order).data();
  }
  return Value::dict(arena_.make(dict));
}

Value Runtime::several(std::string_view text, std::string_view authors, bool markup) {
  charge_bytes(2 * text.size());
  char* to = static_cast<char*>(arena_.allocate(2 * text.size()));
  std::copy(text.begin(), text.end(), to);
  std::copy(authors.begin(), authors.end(), to + text.size());
  return Value::string({to, text.size()}, Author::kSeveral, markup);
}

void Runtime::out_of_steps() const {
  refuse_limit("the template takes more than " + std::to_string(limits_.max_steps) + " steps");
}

void Runtime::too_deep() const {
  refuse_limit("the template nests deeper than " + std::to_string(limits_.max_depth) +
               " evaluations");
}

}  // namespace parley::text::jinja
