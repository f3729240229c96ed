// Strongly connected components of a directed graph, by Tarjan's algorithm without recursion.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::engine {

using Graph = std::vector<std::vector<std::uint32_t>>;  // by node: the nodes its arcs lead to

// Every node in exactly one component; a component comes after all those it leads to.
std::vector<std::vector<std::uint32_t>> strong_components(const Graph& graph);

}  // namespace parley::engine
