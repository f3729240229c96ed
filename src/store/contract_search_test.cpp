// What every store must find, and in which pages.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "store/contract_fixture.hpp"

namespace parley::store {
namespace contract_search_test {

class SearchContract : public ContractTest {
 protected:
  // The titles of all pages, of at most `limit` threads each.
  Strings pages(const std::string& words, int limit) {
    Strings seen;
    ThreadQuery query;
    query.search = words;
    query.limit = limit;
    for (;;) {
      const ThreadPage page = store_->threads().list(me_, query);
      EXPECT_LE(page.threads.size(), static_cast<std::size_t>(limit));
      for (const Thread& thread : page.threads) seen.push_back(thread.title);
      if (!page.more) return seen;
      query.before = page.threads.back().id;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, SearchContract, ::testing::ValuesIn(store_kinds()), kind_name_of);

TEST_P(SearchContract, ListsByUseInPages) {
  Strings expected;
  for (int i = 0; i < 7; ++i) {
    new_thread("t" + std::to_string(i));
    expected.insert(expected.begin(), "t" + std::to_string(i));
    if (i % 2 == 0) clock_.advance_ms(5);  // some share a time
  }
  for (const int limit : {1, 3, 7, 50}) EXPECT_EQ(pages("", limit), expected);
  ThreadQuery query;
  query.before = "thr_of_nobody";
  EXPECT_TRUE(titles(query).empty());
}

TEST_P(SearchContract, SearchesTitlesAndText) {
  const std::string a = new_thread(), b = new_thread(), c = new_thread();
  exchange(a, "A quiet film about the sea", "“Harbour Café” is lovely.");
  exchange(b, "My password", "Open the account page and choose reset.");
  exchange(c, "静かな映画を教えて", "「灯台の夜」はいかがですか。");
  EXPECT_EQ(search("harb"), Strings{"A quiet film about the sea"});  // prefix
  EXPECT_EQ(search("CAFE harbour"), Strings{"A quiet film about the sea"});
  EXPECT_EQ(search("reset account"), Strings{"My password"});
  EXPECT_EQ(search("password"), Strings{"My password"});
  EXPECT_EQ(search("灯台"), Strings{"静かな映画を教えて"});
  EXPECT_TRUE(search("password harbour").empty());
  EXPECT_EQ(search("“harbour”").size(), 1u);
  ASSERT_TRUE(store_->threads().rename(me_, b, "Sign-in trouble"));
  EXPECT_EQ(search("trouble"), Strings{"Sign-in trouble"});
}

TEST_P(SearchContract, WordsMustStandInOneMessage) {
  exchange(new_thread("t"), "A lighthouse keeper", "and his cat");
  EXPECT_EQ(search("keeper light"), Strings{"t"});
  EXPECT_TRUE(search("keeper cat").empty());
}

TEST_P(SearchContract, PagesOfFindsAreThoseOfAllFinds) {
  Strings expected;
  for (int i = 0; i < 200; ++i) {  // past what a search reads at once
    const std::string title = "t" + std::to_string(i), thread = new_thread(title);
    if (i % 7 == 0) {
      open_turn(thread, "a needle");
      expected.insert(expected.begin(), title);
    }
    clock_.advance_ms(i % 3);
  }
  for (const int limit : {1, 10, 29, 50}) EXPECT_EQ(pages("needle", limit), expected);
  EXPECT_TRUE(pages("haystack", 10).empty());
}

TEST_P(SearchContract, ALongThreadIsSearchedToItsEnd) {
  const std::string thread = new_thread("long");
  std::optional<std::string> parent = exchange(thread, "the first needle", "a");
  // Past what is read at once.
  for (int i = 0; i < 130; ++i) parent = open_turn(thread, "q", parent).assistant_message.id;
  EXPECT_EQ(search("needle"), Strings{"long"});
  EXPECT_TRUE(search("pin").empty());
}

TEST_P(SearchContract, OnlyWhatIsSaidIsSearched) {
  exchange(new_thread("t"), "q", "a\nnew line");
  EXPECT_TRUE(search("type").empty());  // as the parts are written
  EXPECT_TRUE(search("nnew").empty());
  EXPECT_EQ(search("new"), Strings{"t"});
}

TEST_P(SearchContract, AnySearchTextIsSafe) {
  exchange(new_thread(), "hello", "world");
  EXPECT_TRUE(rc::check([&](const std::string& typed) {
    search(typed);
    search("\"" + typed + "* OR NEAR(");
  }));
}

}  // namespace contract_search_test
}  // namespace parley::store
