#include "dialogue/grammar.hpp"

#include <unordered_set>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "dialogue/grammar_write.hpp"

namespace parley::dialogue {

void generate_dialogues(const std::filesystem::path& path, int count, std::uint64_t seed,
                        const std::function<void(Dialogue&&)>& emit) {
  const Grammar parsed = parse_grammar(path);
  check_grammar(parsed);
  std::unordered_set<std::string> seen;
  std::string problem = "every one it still writes is a repeat";
  // Attempt n draws from its own stream, so a longer run begins with the shorter one's
  // conversations.
  Random streams(seed);
  const int patience = 5000;
  for (int written = 0, wasted = 0; written < count;) {
    Random random(streams.next());
    std::string why;
    Dialogue dialogue;
    dialogue.messages = write_dialogue(parsed, random, why);
    if (!dialogue.messages.empty()) {
      std::string all;
      for (const auto& message : dialogue.messages)
        all += message.role + '\n' + message.content + '\0';
      dialogue.id = "grammar-" + sha256_hex(all).substr(0, 24);
      if (seen.insert(dialogue.id).second) {
        emit(std::move(dialogue));
        ++written;
        wasted = 0;
        continue;
      }
    }
    if (!why.empty()) problem = why;
    if (++wasted == patience) {
      fail(ErrorKind::kInvalidInput,
           path.filename().string() + ": wrote " + std::to_string(written) + " of " +
               std::to_string(count) + " distinct dialogues; " + problem,
           "lower the count in parley.yaml, or add alternatives to the grammar");
    }
  }
}

}  // namespace parley::dialogue
