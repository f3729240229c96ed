// SQLite's tables, as numbered steps.
#pragma once

#include <span>

#include "store/sql/dialect.hpp"

namespace parley::store {

std::span<const Migration> sqlite_migrations();

}  // namespace parley::store
