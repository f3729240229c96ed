#include "constraint/constraint_compiler.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace constraint_compiler_test {

struct Result {
  GrammarPtr grammar;
  std::optional<Error> error;
  bool ok() const { return grammar && !error; }
  bool failed_with(ErrorKind kind) const { return !grammar && error && error->kind() == kind; }
};

// A wait for one source, as a test sees it.
struct Wait {
  ConstraintCompiler::TicketPtr ticket;
  std::future<Result> result;
  bool is_over() const {
    return result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
};

Wait ask(ConstraintCompiler& compiler, ConstraintSource source, const std::string& client = "a") {
  auto promise = std::make_shared<std::promise<Result>>();
  Wait wait{compiler.ticket(), promise->get_future()};
  compiler.compile(std::move(source), client, wait.ticket,
                   [promise](GrammarPtr grammar, const Error* error) {
                     promise->set_value({grammar, error ? std::optional(*error) : std::nullopt});
                   });
  return wait;
}

// A source that compiles for as long as a test wants it to, or until it is given up.
class Heavy {
 public:
  explicit Heavy(std::string name) : name_(std::move(name)) {}
  ConstraintSource source() {
    return {name_, [this] {
              ++runs;
              started_.set_value();
              while (!released_) CompileStop::poll();
              return compile_json_object();
            }};
  }
  void wait_until_started() { started_.get_future().wait(); }
  void release() { released_ = true; }
  std::atomic<int> runs = 0;

 private:
  const std::string name_;
  std::promise<void> started_;
  std::atomic<bool> released_ = false;
};

ConstraintSource light(int i) {
  return regex_source("a{" + std::to_string(i) + "}");
}

TEST(ConstraintCompiler, RemembersWhatItCompiled) {
  ConstraintCompiler compiler;
  const auto schema = [] {
    return json_schema_source(Json::parse(R"({"properties": {"b": {}, "a": {}}})"));
  };
  const Result first = ask(compiler, schema()).result.get();
  ASSERT_TRUE(first.ok());
  Wait again = ask(compiler, schema(), "somebody else");
  EXPECT_TRUE(again.is_over());  // on the spot
  EXPECT_EQ(again.result.get().grammar, first.grammar);
  // Another order of the properties is another constraint.
  const auto other = json_schema_source(Json::parse(R"({"properties": {"a": {}, "b": {}}})"));
  EXPECT_NE(ask(compiler, other).result.get().grammar, first.grammar);
  EXPECT_EQ(compiler.stats().compiled, 2u);
  EXPECT_EQ(compiler.stats().found, 1u);
  EXPECT_GT(compiler.stats().bytes, first.grammar->bytes());
}

TEST(ConstraintCompiler, RemembersWhatIsNone) {
  ConstraintCompiler compiler;
  const Result first = ask(compiler, regex_source("(")).result.get();
  EXPECT_TRUE(first.failed_with(ErrorKind::kInvalidInput));
  const Result again = ask(compiler, regex_source("(")).result.get();
  EXPECT_EQ(again.error->message(), first.error->message());
  EXPECT_EQ(compiler.stats().found, 1u);
  EXPECT_TRUE(ask(compiler, gbnf_source("(")).result.get().error.has_value());
  EXPECT_EQ(compiler.stats().found, 1u);  // the same text as another kind is another source
}

TEST(ConstraintCompiler, WhatWasUsedLongestAgoGivesItsRoom) {
  const std::size_t one = compile_regex("a{9}")->bytes();
  ConstraintCompiler compiler({.max_bytes = 3 * one + 1000});
  for (const int i : {1, 2, 3, 1, 4, 5}) EXPECT_TRUE(ask(compiler, light(i)).result.get().ok());
  EXPECT_LE(compiler.stats().bytes, 3 * one + 1000);
  const auto found = compiler.stats().found;
  EXPECT_TRUE(ask(compiler, light(5)).is_over());
  EXPECT_EQ(compiler.stats().found, found + 1);
  EXPECT_TRUE(ask(compiler, light(2)).result.get().ok());  // gone: compiled once more
  EXPECT_EQ(compiler.stats().found, found + 1);
  ConstraintCompiler tiny({.max_bytes = 1});
  EXPECT_TRUE(ask(tiny, light(1)).result.get().ok());
  EXPECT_EQ(tiny.stats().bytes, 0u);
}

TEST(ConstraintCompiler, TheSameAskedTwiceAtOnceIsCompiledOnce) {
  ConstraintCompiler compiler;
  Heavy heavy("heavy");
  Wait first = ask(compiler, heavy.source(), "a");
  heavy.wait_until_started();
  Wait second = ask(compiler, heavy.source(), "b");
  EXPECT_FALSE(second.is_over());
  heavy.release();
  EXPECT_EQ(first.result.get().grammar, second.result.get().grammar);
  EXPECT_EQ(heavy.runs, 1);
  EXPECT_EQ(compiler.stats().joined, 1u);
}

TEST(ConstraintCompiler, AHeavySourceHoldsUpNobodyElse) {
  ConstraintCompiler compiler;
  Heavy heavy("heavy");
  Wait first = ask(compiler, heavy.source(), "a");
  heavy.wait_until_started();
  EXPECT_TRUE(ask(compiler, light(1), "b").result.get().ok());
  EXPECT_TRUE(ask(compiler, light(2), "a").result.get().ok());  // while no other wants the thread
  EXPECT_FALSE(first.is_over());
  heavy.release();
  EXPECT_TRUE(first.result.get().ok());
}

TEST(ConstraintCompiler, AFreeThreadGoesToAClientThatHasNone) {
  std::vector<std::string> order;
  const auto noted = [&](const std::string& name) {
    return ConstraintSource{name, [&order, name] {
                              order.push_back(name);  // one thread is busy all the time
                              return compile_json_object();
                            }};
  };
  ConstraintCompiler two({.threads = 2});
  Heavy busy("busy"), blocker("blocker");
  Wait a = ask(two, busy.source(), "a"), b = ask(two, blocker.source(), "b");
  busy.wait_until_started();
  blocker.wait_until_started();
  Wait late = ask(two, noted("of a"), "a"), later = ask(two, noted("of c"), "c");
  blocker.release();  // its thread is free: a has one already
  EXPECT_TRUE(later.result.get().ok() && late.result.get().ok());
  EXPECT_EQ(order, (std::vector<std::string>{"of c", "of a"}));
  busy.release();
  EXPECT_TRUE(a.result.get().ok() && b.result.get().ok());
}

TEST(ConstraintCompiler, AClientMayHaveSoManyAndAllTogetherSoMany) {
  ConstraintCompiler compiler({.threads = 1, .per_client = 3, .total = 5});
  Heavy heavy("heavy");
  std::vector<Wait> waits;
  waits.push_back(ask(compiler, heavy.source(), "a"));
  heavy.wait_until_started();
  waits.push_back(ask(compiler, light(1), "a"));
  waits.push_back(ask(compiler, light(2), "a"));
  const Result refused = ask(compiler, light(3), "a").result.get();
  EXPECT_TRUE(refused.failed_with(ErrorKind::kUnavailable));
  waits.push_back(ask(compiler, light(2), "a"));  // waits with the other: nothing more to compile
  waits.push_back(ask(compiler, light(3), "b"));
  waits.push_back(ask(compiler, light(4), "c"));
  EXPECT_TRUE(ask(compiler, light(5), "d").result.get().failed_with(ErrorKind::kUnavailable));
  EXPECT_EQ(compiler.stats().refused, 2u);
  heavy.release();
  for (Wait& wait : waits) EXPECT_TRUE(wait.result.get().ok());
  EXPECT_TRUE(ask(compiler, light(6), "a").result.get().ok());
}

TEST(ConstraintCompiler, IsGivenUpWhenNobodyWaitsAnyMore) {
  ConstraintCompiler compiler({.threads = 1});
  Heavy heavy("heavy");
  Wait first = ask(compiler, heavy.source()), second = ask(compiler, heavy.source());
  heavy.wait_until_started();
  Wait queued = ask(compiler, light(1)), kept = ask(compiler, light(2));
  queued.ticket->cancel();
  EXPECT_TRUE(queued.result.get().failed_with(ErrorKind::kUnavailable));
  first.ticket->cancel();
  EXPECT_TRUE(first.result.get().failed_with(ErrorKind::kUnavailable));
  EXPECT_FALSE(second.is_over());
  EXPECT_EQ(compiler.stats().given_up, 1u);
  second.ticket->cancel();  // the last one: the thread comes free without release()
  EXPECT_TRUE(second.result.get().failed_with(ErrorKind::kUnavailable));
  EXPECT_TRUE(kept.result.get().ok());
  EXPECT_EQ(compiler.stats().given_up, 2u);
  EXPECT_EQ(compiler.stats().compiled, 1u);
  second.ticket->cancel();  // once more does nothing
  // What was given up is compiled when it is asked for again.
  Heavy again("heavy");
  again.release();
  EXPECT_TRUE(ask(compiler, again.source()).result.get().ok());
}

TEST(ConstraintCompiler, MayBeGivenUpBeforeItIsAskedFor) {
  ConstraintCompiler compiler;
  auto promise = std::make_shared<std::promise<bool>>();
  const auto ticket = compiler.ticket();
  ticket->cancel();
  compiler.compile(light(1), "a", ticket, [promise](GrammarPtr grammar, const Error* error) {
    promise->set_value(!grammar && error);
  });
  EXPECT_TRUE(promise->get_future().get());
}

TEST(ConstraintCompiler, EndsWithAllWaitsAnswered) {
  std::vector<Wait> waits;
  Heavy heavy("heavy");  // is never released
  {
    ConstraintCompiler compiler({.threads = 1});
    waits.push_back(ask(compiler, heavy.source()));
    heavy.wait_until_started();
    waits.push_back(ask(compiler, light(1)));
  }
  for (Wait& wait : waits) {
    EXPECT_TRUE(wait.result.get().failed_with(ErrorKind::kUnavailable));
    wait.ticket->cancel();  // after the end
  }
}

// Each front end looks at the flag: a source that is given up at once ends at once, whatever it is.
TEST(CompileStop, EndsEveryKindOfCompilation) {
  const std::atomic<bool> stop = true;
  const CompileStop scope(stop);
  const auto ends = [](const ConstraintSource& source) {
    try {
      source.compile();
    } catch (const Error& e) {
      return e.kind() == ErrorKind::kUnavailable;
    }
    return false;
  };
  EXPECT_TRUE(ends(json_schema_source(Json::parse(R"({"type": "string"})"))));
  EXPECT_TRUE(ends(json_object_source()));
  EXPECT_TRUE(ends(regex_source("[a-z]+")));
  EXPECT_TRUE(ends(choice_source({"yes", "no"})));
  EXPECT_TRUE(ends(gbnf_source("root ::= \"a\" root | \"b\"")));
}

}  // namespace constraint_compiler_test
}  // namespace parley::engine
