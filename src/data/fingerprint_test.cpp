#include "data/fingerprint.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <random>

namespace parley::data {
namespace fingerprint_test {

Record talk(const std::vector<std::string>& texts) {
  Record record;
  for (std::size_t i = 0; i < texts.size(); ++i)
    record.messages.push_back({i % 2 ? "assistant" : "user", texts[i]});
  return record;
}

double similarity(const Record& a, const Record& b) {
  Shingler shingler;
  auto x = shingler.shingles(a), y = shingler.shingles(b);
  return jaccard(x, y);
}

std::string words(std::size_t count, unsigned seed) {
  std::mt19937 rng(seed);
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "w" + std::to_string(rng() % 10000) + " ";
  return text;
}

TEST(Shingles, IgnoreCaseAndPunctuationButNotWords) {
  EXPECT_EQ(similarity(talk({"Hi there!", "Hello, friend."}), talk({"hi THERE", "hello friend"})),
            1.0);
  EXPECT_LT(similarity(talk({"Play Up", "Playing Up"}), talk({"Play Cars", "Playing Cars"})), 0.2);
  // The same words said by the other side are another conversation.
  EXPECT_LT(similarity(talk({"yes", "no", "maybe so"}), talk({"yes no", "maybe so"})), 0.7);
}

TEST(Shingles, ShortDialoguesThatShareAllButAWordAreFarApart) {
  const auto dialogue = [](const std::string& title) {
    return talk({"Can you find me a film to watch tonight?", "Sure, what kind of film do you like?",
                 "I like " + title, "Good choice. Shall I play it with subtitles?", "Yes please",
                 "Done, enjoy the film!"});
  };
  EXPECT_LT(similarity(dialogue("comedies"), dialogue("thrillers")), 0.85);
}

TEST(Shingles, IdeographsAreWords) {
  EXPECT_GT(similarity(talk({"我想看一部好看的电影今天晚上和家人一起", "好的"}),
                       talk({"我想看一部好看的电影今天晚上和朋友一起", "好的"})),
            0.3);
}

TEST(Sketch, EstimatesTheJaccardSimilarity) {
  Shingler shingler;
  for (const std::size_t length : {40u, 200u, 2000u}) {
    double error = 0;
    int trials = 0;
    for (unsigned seed = 0; seed < 40; ++seed, ++trials) {
      const std::string base = words(length, seed);
      const Record a =
          talk({base, base.substr(0, base.size() / 2) + words(length / 50, seed + 999)});
      const Record b = talk({base, base.substr(0, base.size() / 2)});
      auto x = shingler.shingles(a), y = shingler.shingles(b);
      const double estimate = sketch_similarity(make_sketch(x), make_sketch(y));
      error += estimate - jaccard(x, y);
    }
    EXPECT_NEAR(error / trials, 0, 0.03) << length;
  }
}

TEST(ContentHash, CoversRolesAndBoundaries) {
  EXPECT_FALSE(content_hash(talk({"ab", "c"})) == content_hash(talk({"a", "bc"})));
  Record swapped = talk({"a", "b"});
  std::swap(swapped.messages[0].role, swapped.messages[1].role);
  EXPECT_FALSE(content_hash(talk({"a", "b"})) == content_hash(swapped));
  Record named = talk({"a", "b"});
  named.id = "other";
  EXPECT_TRUE(content_hash(talk({"a", "b"})) == content_hash(named));
}

}  // namespace fingerprint_test
}  // namespace parley::data
