// The tables, as numbered steps. A database remembers how many of them it has seen; opening it runs
// the rest.
#pragma once

#include <span>
#include <string_view>

namespace parley::store {

// Step i brings a database from version i to i + 1. Steps that have been released are never
// changed.
std::span<const std::string_view> sqlite_migrations();

}  // namespace parley::store
