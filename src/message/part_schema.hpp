// The parts described to others: docs/parts.schema.json for whoever sends or reads messages, and
// the types that the web pages are written against. Both are checked in; part_schema_test.cpp says
// when they are out of date and writes them anew.
#pragma once

#include <string>

#include "base/json.hpp"

namespace parley::message {

// Of a list of parts. JSON Schema, draft 7.
Json parts_schema();

// An interface a kind, the union Part of them, and the gap of plain_text().
std::string parts_typescript();

}  // namespace parley::message
