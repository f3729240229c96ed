#include "constraint/components.hpp"

#include <algorithm>
#include <cstddef>

namespace parley::engine {

std::vector<std::vector<std::uint32_t>> strong_components(const Graph& graph) {
  struct Visit {
    std::uint32_t node;
    std::size_t next_arc;
  };
  const std::size_t n = graph.size();
  std::vector<std::uint32_t> index(n), lowest(n), open;
  std::vector<std::uint8_t> is_open(n);
  std::vector<std::vector<std::uint32_t>> out;
  std::vector<Visit> path;
  std::uint32_t count = 0;
  const auto enter = [&](std::uint32_t node) {
    index[node] = lowest[node] = ++count;
    open.push_back(node);
    is_open[node] = 1;
    path.push_back({node, 0});
  };
  for (std::uint32_t root = 0; root < n; ++root) {
    if (index[root] != 0) continue;
    enter(root);
    while (!path.empty()) {
      const std::uint32_t node = path.back().node;
      if (path.back().next_arc < graph[node].size()) {
        const std::uint32_t to = graph[node][path.back().next_arc++];
        if (index[to] == 0) {
          enter(to);
        } else if (is_open[to]) {
          lowest[node] = std::min(lowest[node], index[to]);
        }
        continue;
      }
      path.pop_back();
      if (!path.empty()) {
        lowest[path.back().node] = std::min(lowest[path.back().node], lowest[node]);
      }
      if (lowest[node] != index[node]) continue;
      std::vector<std::uint32_t>& component = out.emplace_back();
      do {
        component.push_back(open.back());
        is_open[open.back()] = 0;
        open.pop_back();
      } while (component.back() != node);
    }
  }
  return out;
}

}  // namespace parley::engine
