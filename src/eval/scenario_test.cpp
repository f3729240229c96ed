#include "eval/scenario.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "eval/scenario_report.hpp"
#include "eval/scenario_run.hpp"

namespace parley::eval {
namespace scenario_test {
namespace fs = std::filesystem;

Catalogue small_catalogue() {
  test::TempDir dir;
  write_file_atomically(dir.path() / "c.csv",
                        "title,genre,kind\nRed Hill,horror,film\nRed Hill "
                        "Returns,horror;comedy,film\nBlue Bay,comedy,series\n");
  return Catalogue(dir.path() / "c.csv");
}

std::string error_of(const std::string& text, const Catalogue* catalogue = nullptr) {
  try {
    parse_scenarios(text, "tests/x.yaml", catalogue);
    return {};
  } catch (const Error& e) {
    return e.message();
  }
}

// The expectations of one turn, from YAML.
Expectation expect(const std::string& yaml, const Catalogue* catalogue = nullptr) {
  return parse_scenarios(
             "scenarios:\n  - name: n\n    turns:\n      - user: hi\n        expect: {" + yaml +
                 "}\n",
             "x.yaml", catalogue)[0]
      .turns[0]
      .expect;
}

std::size_t misses(const std::string& yaml, const std::string& reply) {
  return unmet(expect(yaml), reply, "hi", "", nullptr).size();
}

TEST(Scenario, ChecksText) {
  EXPECT_EQ(misses("contains: \"big  DOG\"", "A Big\ndog."), 0u);
  EXPECT_EQ(misses("contains: [dog, cat]", "A dog."), 1u);
  EXPECT_EQ(misses("contains_any: [dog, cat]", "A cat."), 0u);
  EXPECT_EQ(misses("contains_any: [dog, cat]", "A cow."), 1u);
  EXPECT_EQ(misses("not_contains: cow", "A cow."), 1u);
  EXPECT_EQ(misses("matches: \"c[ao]w\"", "A COW."), 0u);
  EXPECT_EQ(misses("matches: [\"^c\"]", "A cow."), 1u);
  EXPECT_EQ(misses("not_matches: cow", "A cow."), 1u);
  EXPECT_EQ(misses("max_words: 2", "one two three"), 1u);
  EXPECT_EQ(misses("min_words: 3", "one two three"), 0u);
  EXPECT_EQ(misses("min_words: 1", ""), 1u);
}

TEST(Scenario, FindsTitlesAsWholeWordsTheLongestFirst) {
  const Catalogue catalogue = small_catalogue();
  EXPECT_EQ(catalogue.mentioned("see RED HILL!"), (std::vector<std::size_t>{0}));
  EXPECT_EQ(catalogue.mentioned("Red Hill Returns"), (std::vector<std::size_t>{1}));
  EXPECT_EQ(catalogue.mentioned("Red Hillside, xBlue Bay"), (std::vector<std::size_t>{}));
}

TEST(Scenario, AskedForATitleOneThatTheUserNamedDoesNotCount) {
  const Catalogue catalogue = small_catalogue();
  const auto met = [&](const std::string& yaml, const std::string& reply, const std::string& user,
                       const std::string& earlier = "") {
    return unmet(expect(yaml, &catalogue), reply, user, earlier, &catalogue).empty();
  };
  EXPECT_TRUE(met("mentions_title: {genre: horror}", "Try Red Hill.", "scare me"));
  EXPECT_FALSE(met("mentions_title: {genre: horror}", "Try Blue Bay.", "scare me"));
  EXPECT_FALSE(met("mentions_title: {genre: horror}", "Try Red Hill.", "like red hill please"));
  EXPECT_TRUE(met("mentions_title: {genre: [horror, comedy]}", "Try Blue Bay.", "laugh"));
  EXPECT_TRUE(met("mentions_title: {genre: comedy, kind: film}", "Try Red Hill Returns.", "laugh"));
  EXPECT_FALSE(met("mentions_title: {genre: comedy, new: true}", "Try Blue Bay.", "another",
                   "Try Blue Bay."));
  EXPECT_TRUE(met("mentions_title: {}", "Blue Bay", "any"));
  EXPECT_FALSE(met("no_title: true", "Blue Bay", "any"));
}

TEST(Scenario, ErrorsNameFileLineAndNearestName) {
  const Catalogue catalogue = small_catalogue();
  const std::string head =
      "scenarios:\n  - name: n\n    turns:\n      - user: hi\n        expect: ";
  EXPECT_EQ(error_of(head + "{contain: x}\n"),
            "tests/x.yaml:5: scenarios[0].turns[0].expect.contain: unknown key; did you mean "
            "'contains'?");
  EXPECT_EQ(error_of(head + "{mentions_title: {genre: horor}}\n", &catalogue),
            "tests/x.yaml:5: mentions_title.genre: no title of the catalogue has 'horor'; did you "
            "mean 'horror'?");
  EXPECT_EQ(
      error_of(head + "{mentions_title: {gener: horror}}\n", &catalogue),
      "tests/x.yaml:5: mentions_title: the catalogue has no column 'gener'; did you mean 'genre'?");
  EXPECT_EQ(error_of(head + "{mentions_title: {genre: horror}}\n"),
            "tests/x.yaml:5: mentions_title: the project has no catalogue");
  EXPECT_NE(error_of(head + "{matches: \"(\"}\n")
                .find("tests/x.yaml:5: matches: '(' is no regular expression"),
            std::string::npos);
  EXPECT_EQ(error_of("scenarios:\n  - name: n\n    turns: [{user: hi}]\n"),
            "tests/x.yaml:2: scenario 'n' expects nothing");
}

// A model that repeats the last message in capitals, from a thread of its own like an engine.
class EchoModel : public chat::ChatModel {
 public:
  ~EchoModel() override {
    for (std::thread& thread : threads_) thread.join();
  }
  std::string name() const override { return "echo"; }
  std::unique_ptr<chat::ChatReply> start(const chat::ChatRequest& request,
                                         engine::OnUpdate on_update) override {
    const std::lock_guard lock(mutex_);
    if (running_ >= 4) fail(ErrorKind::kUnavailable, "busy");
    ++running_;
    seen_turns = std::max(seen_turns, request.messages.size());
    threads_.emplace_back([this, text = request.messages.back().content, on_update] {
      engine::Update update;
      for (const char c : text) {
        update.text = std::string(1, c);
        on_update(update);
      }
      update.text = "!";
      update.finished = true;
      --running_;
      on_update(update);
    });
    return std::make_unique<Reply>();
  }
  std::size_t seen_turns = 0;

 private:
  struct Reply : chat::ChatReply {
    void cancel() override {}
  };
  std::atomic<int> running_ = 0;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

TEST(ScenarioRun, PlaysManyAtOnceInOrderAndWaitsWhileTheModelIsBusy) {
  std::string text = "scenarios:\n";
  for (int i = 0; i < 50; ++i) {
    text += "  - name: s" + std::to_string(i) + "\n    tags: t\n    turns:\n      - {user: say " +
            std::to_string(i) + ", expect: {contains: say " + std::to_string(i) +
            "!}}\n      - {user: again, expect: {contains: " + (i % 10 == 0 ? "no" : "again") +
            "}}\n";
  }
  const auto scenarios = parse_scenarios(text, "x.yaml", nullptr);
  EchoModel model;
  RunOptions options;
  options.concurrent = 8;
  std::size_t last_done = 0;
  options.on_progress = [&](std::size_t done, std::size_t) { EXPECT_EQ(done, ++last_done); };
  const auto store = store::open_memory_store();
  chat::Assistant assistant(model, *store, {}, {}, chat::talking_pipeline(model, *store, ""));
  const auto results = run_scenarios(assistant, scenarios, nullptr, options);
  ASSERT_EQ(results.size(), 50u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(results[i].scenario, &scenarios[i]);
    ASSERT_EQ(results[i].turns.size(), 2u);
    EXPECT_EQ(results[i].passed, i % 10 != 0);
    EXPECT_EQ(results[i].turns[1].unmet.size(), i % 10 == 0 ? 1u : 0u);
  }
  EXPECT_EQ(model.seen_turns, 3u);  // user, the model's own reply, user
  const std::vector<Objective> objectives = {{"scenario_pass_rate", ">=", 0.95, "release"}};
  const auto summary = summarize(results, 0.85, "echo");
  EXPECT_EQ(summary.passed, 45u);
  EXPECT_TRUE(summary.met);
  const std::string report = text_report(results, summary, objectives, false);
  EXPECT_NE(report.find("FAIL s10  x.yaml:"), std::string::npos);
  EXPECT_NE(report.find("expected   contains \"no\""), std::string::npos);
  EXPECT_NE(report.find("missed"), std::string::npos);
  EXPECT_NE(html_report(results, summary, "P <x>").find("P &lt;x&gt;"), std::string::npos);
  const auto json = json_report(results, summary, "P <x>", objectives);
  EXPECT_EQ(json["project"], "P <x>");
  EXPECT_EQ(json["failed"], 5);
  EXPECT_EQ(json["objectives"][0]["met"], false);
  EXPECT_EQ(json["scenarios"].size(), 50u);
}

}  // namespace scenario_test
}  // namespace parley::eval
