// Dialogue grammars: a YAML file of rules, tables and dialogue plans that writes any number of
// varied multi-turn conversations. The language is described in docs/grammar.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "prompt/chat_format.hpp"

namespace parley::dialogue {

struct Dialogue {
  std::string id;  // the hash of its words
  std::vector<text::ChatMessage> messages;
};

// Calls `emit` with `count` distinct conversations (no two have the same text). The same grammar,
// tables, count and seed give the same conversations in the same order; a smaller count gives the
// first of them. Errors: kInvalidInput "FILE:LINE: rule 'name': …" for anything wrong in the
// grammar, found before the first emit; kInvalidInput when the grammar cannot write `count`
// distinct conversations; kNotFound for the grammar or a table.
void generate_dialogues(const std::filesystem::path& grammar, int count, std::uint64_t seed,
                        const std::function<void(Dialogue&&)>& emit);

}  // namespace parley::dialogue
