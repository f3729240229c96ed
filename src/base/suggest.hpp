// "Did you mean": the nearest known name to one that is not known.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// Edits (insert, delete, replace, swap of neighbours; bytes, case ignored) that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`, or "" when none is near enough to be what was meant.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// "; did you mean 'minutes'?", or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

// "nano, micro or mini": what may stand there, for a hint.
std::string one_of(std::span<const std::string_view> names);

}  // namespace parley
