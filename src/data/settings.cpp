#include "data/settings.hpp"

#include <limits>
#include <utility>

namespace parley::data {
namespace {

void describe_source(Fields& at, DataSource& s) {
  at.text("path", "a file, folder or glob, relative to the project", {}, into(s.path));
  at.text("grammar", "a dialogue grammar, relative to the project", {}, into(s.grammar));
  at.text("format", "how to read the files",
          {.choices = {kDataFormats.begin(), kDataFormats.end()}}, into(s.format));
  at.text("columns", "tables and JSON: which column is what, as user=question,assistant=answer", {},
          into(s.columns));
  at.text("speakers", "whose words are whose, as user=Anna,assistant=Ben", {}, into(s.speakers));
  at.integer("count", "grammar: how many dialogues to generate", 1, 10'000'000, into(s.count));
  at.integer("seed", "grammar: another seed, other dialogues", 0,
             std::numeric_limits<long long>::max(), into(s.seed));
  at.exactly_one_of({"path", "grammar"});
  at.needs("grammar", "count");
}

}  // namespace

void describe(Fields& at, DataSettings& settings) {
  at.list("sources", "where conversations and documents come from", 1000, [&](Fields& item) {
    DataSource source;
    describe_source(item, source);
    settings.sources.push_back(std::move(source));
  });
  at.number("validation", "share of conversations held out to measure on", {.min = 0, .max = 0.5},
            into(settings.validation));
  at.number("near_duplicates",
            "similarity (Jaccard, word 5-grams) from which a conversation counts as a copy and is "
            "dropped; 1 = off",
            {.min = 0.3, .max = 1}, into(settings.near_duplicates));
}

}  // namespace parley::data
