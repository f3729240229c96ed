// The templates of `parley new`: their scenarios test what was not learnt.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "dialogue/grammar.hpp"
#include "eval/scenario.hpp"
#include "settings/project.hpp"

namespace parley::settings {
namespace templates_test {
namespace fs = std::filesystem;

std::string plain_words(const std::string& text) {
  std::string out;
  for (const char c : eval::normalized(text)) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ' ') out += c;
  }
  return eval::normalized(out);
}

TEST(EntertainmentTemplate, ScenariosAreManyAndNotInTheTrainingText) {
  const Project project = load_project(fs::path(PARLEY_SOURCE_DIR) / "templates" / "entertainment");
  const eval::ScenarioSet set = eval::load_scenarios(project.folder.root);
  EXPECT_GE(set.scenarios.size(), 120u);
  std::set<std::string> trained;
  for (const data::DataSource& source : project.data.sources) {
    if (source.grammar.empty()) continue;
    dialogue::generate_dialogues(project.folder.root / source.grammar, source.count, source.seed,
                                 [&](dialogue::Dialogue&& dialogue) {
                                   for (const auto& message : dialogue.messages) {
                                     if (message.role == "user")
                                       trained.insert(plain_words(message.content));
                                   }
                                 });
  }
  ASSERT_GE(trained.size(), 10'000u);
  for (const eval::Scenario& scenario : set.scenarios) {
    for (const eval::ScenarioTurn& turn : scenario.turns) {
      EXPECT_EQ(trained.count(plain_words(turn.user)), 0u)
          << scenario.file << ":" << scenario.line << ": '" << turn.user
          << "' is in the training text";
    }
  }
}

}  // namespace templates_test
}  // namespace parley::settings
