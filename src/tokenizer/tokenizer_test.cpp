// The models of the tokenizers against their definitions, written slowly; loading; what plain text
// can never become; long texts.
#include "tokenizer/tokenizer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/test_support.hpp"
#include "tokenizer/bpe_pieces.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tiktoken.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/unigram.hpp"

namespace parley::text {
namespace tokenizer_test {

const std::filesystem::path kFixtures =
    std::filesystem::path(PARLEY_SOURCE_DIR) / "tests" / "fixtures" / "tokenizers";

TEST(MergeTable, EqualsTheDefinition) {
  EXPECT_TRUE(rc::check([](const std::vector<std::tuple<std::uint8_t, std::uint8_t>>& pairs) {
    MergeTable table;
    std::map<std::pair<TokenId, TokenId>, std::pair<std::uint32_t, TokenId>> rules;
    TokenId next = 4;
    for (const auto& [a, b] : pairs) {
      const std::pair<TokenId, TokenId> pair = {a % next, b % next};
      if (rules.contains(pair)) continue;
      const auto rank = *rc::gen::inRange<std::uint32_t>(0, 20);  // equal ranks too
      table.add(pair.first, pair.second, rank, next);
      rules[pair] = {rank, next++};
    }
    const auto length = *rc::gen::inRange<std::size_t>(0, 120);  // both ways of merging
    auto symbols = *rc::gen::container<std::vector<TokenId>>(length, rc::gen::inRange(0, 4));
    auto slow = symbols;
    for (;;) {
      std::size_t at = slow.size();
      std::uint32_t best = ~0u;
      for (std::size_t i = 0; i + 1 < slow.size(); ++i) {
        const auto rule = rules.find({slow[i], slow[i + 1]});
        if (rule != rules.end() && rule->second.first < best) {
          best = rule->second.first;
          at = i;
        }
      }
      if (at == slow.size()) break;
      slow[at] = rules[{slow[at], slow[at + 1]}].second;
      slow.erase(slow.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    }
    table.merge(symbols);
    RC_ASSERT(symbols == slow);
  }));
}

TEST(PieceTrie, FindsEveryPrefix) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& keys, const std::string& text) {
    std::map<std::string, std::int32_t> reference;
    std::vector<std::pair<std::string, std::int32_t>> entries;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      entries.emplace_back(keys[i], static_cast<std::int32_t>(i));
      if (!keys[i].empty()) reference[keys[i]] = static_cast<std::int32_t>(i);
    }
    const PieceTrie trie(entries);
    for (const auto& [key, value] : reference) RC_ASSERT(trie.find(key) == value);
    std::vector<std::pair<std::size_t, std::int32_t>> found, wanted;
    trie.each_prefix(text, 0, [&](std::size_t n, std::int32_t v) { found.emplace_back(n, v); });
    for (std::size_t n = 1; n <= text.size(); ++n) {
      const auto at = reference.find(text.substr(0, n));
      if (at != reference.end()) wanted.emplace_back(n, at->second);
    }
    RC_ASSERT(found == wanted);
  }));
}

// Unigram by its definition, in one pass over the whole text.
template <typename Score>
std::vector<TokenId> segment_slowly(const std::map<std::string, TokenId>& pieces,
                                    const std::vector<double>& scores, double unknown_score,
                                    const std::string& text) {
  struct Best {
    Score score = 0;
    int from = -1;
    TokenId id = 0;
  };
  std::vector<Best> best(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    const auto one = static_cast<std::size_t>(decode_utf8(text, at).length);
    bool single = false;
    for (std::size_t n = 1; at + n <= text.size(); ++n) {
      const auto found = pieces.find(text.substr(at, n));
      if (found == pieces.end()) continue;
      const double sum = scores[found->second] + static_cast<double>(best[at].score);
      if (best[at + n].from < 0 || sum > static_cast<double>(best[at + n].score))
        best[at + n] = {static_cast<Score>(sum), static_cast<int>(at), found->second};
      single |= n == one;
    }
    const auto sum = static_cast<Score>(static_cast<Score>(unknown_score) + best[at].score);
    if (!single && (best[at + one].from < 0 || sum > best[at + one].score))
      best[at + one] = {sum, static_cast<int>(at), 0};
    at += one;
  }
  std::vector<TokenId> out;
  for (auto at = static_cast<int>(text.size()); at > 0; at = best[at].from) {
    if (best[at].id != 0 || out.empty() || out.back() != 0) out.push_back(best[at].id);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

template <typename Score>
void check_unigram() {
  EXPECT_TRUE(rc::check([] {
    const std::string space(kSpaceSymbol);
    std::map<std::string, TokenId> pieces = {{space, 1}, {"a", 2}, {"b", 3}};
    std::vector<double> scores = {0, -3, -2, -2.5};
    const auto more = *rc::gen::inRange(0, 25);
    for (int i = 0; i < more; ++i) {
      std::string piece;
      for (const int letter : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4)))
        piece += letter == 0 ? space : std::string(1, static_cast<char>('a' + letter - 1));
      if (piece.empty() || piece.size() > 12 || pieces.contains(piece)) continue;
      pieces[piece] = static_cast<TokenId>(scores.size());
      // Few distinct scores: ties, and sums that differ in their last bits.
      scores.push_back(static_cast<double>(-0.1f * static_cast<float>(*rc::gen::inRange(1, 60))));
    }
    UnigramRules rules;
    std::vector<std::pair<std::string, std::int32_t>> entries(pieces.begin(), pieces.end());
    std::vector<std::string_view> spellings;
    for (const auto& [piece, id] : pieces) spellings.push_back(piece);
    rules.pieces = PieceTrie(entries);
    rules.cuts = SafeCuts(spellings);
    rules.scores = scores;
    rules.unknown = 0;
    rules.unknown_score = -16.5;
    rules.single_precision = sizeof(Score) == sizeof(float);
    const UnigramPieces model(std::move(rules));
    std::string text;
    const auto length = *rc::gen::inRange<std::size_t>(0, 400);
    for (const int letter : *rc::gen::container<std::vector<int>>(length, rc::gen::inRange(0, 5)))
      text += letter == 0 ? space : std::string(1, static_cast<char>('a' + letter - 1));
    std::vector<TokenId> ids;
    model.encode(text, ids);
    RC_ASSERT(ids == segment_slowly<Score>(pieces, scores, -16.5, text));
  }));
}
TEST(Unigram, EqualsTheDefinitionInFloat) {
  check_unigram<float>();
}
TEST(Unigram, EqualsTheDefinitionInDouble) {
  check_unigram<double>();
}

std::string ranks(const std::vector<std::string>& more) {
  std::string out;
  int rank = 0;
  for (int b = 0; b < 256; ++b)
    out +=
        encode_base64(std::string(1, static_cast<char>(b))) + " " + std::to_string(rank++) + "\n";
  for (const std::string& token : more)
    out += encode_base64(token) + " " + std::to_string(rank++) + "\n";
  return out;
}

TEST(Tiktoken, MergesByRank) {
  const auto tokenizer =
      tokenizer_from_ranks(ranks({"he", " t", "th", " the"}), "r", TiktokenSplit::kGpt2);
  // " the" is a token at once; "the" has "he" before "th".
  EXPECT_EQ(tokenizer->encode("the the"), (std::vector<TokenId>{'t', 256, 259}));
  EXPECT_EQ(tokenizer->special("<|endoftext|>"), 260);
  EXPECT_EQ(tokenizer->eos(), 260);
  for (const TokenId id : tokenizer->encode("<|endoftext|>"))
    EXPECT_FALSE(tokenizer->is_special(id));
  EXPECT_EQ(tokenizer->encode_with_special("a<|endoftext|>"), (std::vector<TokenId>{'a', 260}));
}

TEST(Tiktoken, SaysWhichLineIsWrong) {
  const auto message = [](const std::string& text) {
    try {
      tokenizer_from_ranks(text, "r.tiktoken", TiktokenSplit::kQwen);
    } catch (const Error& e) {
      return e.message();
    }
    return std::string("no error");
  };
  EXPECT_NE(message("QQ== 0\nx\n").find("r.tiktoken:2: no token"), std::string::npos);
  EXPECT_NE(message("QQ== 0\nQg== 0\n").find(":2: rank 0 for a second time"), std::string::npos);
  EXPECT_NE(message("QQ== -1\n").find(":1: no rank"), std::string::npos);
  EXPECT_NE(message("").find("no tokens"), std::string::npos);
  EXPECT_NE(message("QQ== 0\n").find("no token for byte 0"), std::string::npos);
  EXPECT_THROW(tiktoken_split("gpt5", "x"), Error);
}

TEST(LoadTokenizer, PicksTheFileThatIsThere) {
  test::TempDir dir;
  try {
    load_tokenizer(dir.path());
    FAIL() << "loaded";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kNotFound);
    EXPECT_NE(e.hint().find("tokenizer.json, tokenizer.model and *.tiktoken"), std::string::npos);
  }
  write_file_atomically(dir.path() / "mine.tiktoken", ranks({"th"}));
  EXPECT_THROW(load_tokenizer(dir.path()), Error);  // the name does not say the split
  write_file_atomically(dir.path() / "mine.tiktoken.json", R"({"split": "cl100k_base"})");
  EXPECT_EQ(load_tokenizer(dir.path())->special("<|endoftext|>"), 100257);
  write_file_atomically(dir.path() / "tokenizer.model", ranks({"th"}));  // as Llama 3 has it
  EXPECT_EQ(load_tokenizer(dir.path())->special("<|begin_of_text|>"), 257);
  write_file_atomically(dir.path() / "tokenizer.model", read_file(kFixtures / "bpe.model"));
  const auto loaded = load_tokenizer(dir.path());
  EXPECT_EQ(loaded->bos(), loaded->find("<s>"));
  EXPECT_TRUE(loaded->add_bos());
  write_file_atomically(dir.path() / "tokenizer_config.json",
                        R"({"add_bos_token": false, "eos_token": {"content": "</s>"}})");
  EXPECT_FALSE(load_tokenizer(dir.path())->add_bos());
}

// A byte-level tokenizer.json with these added tokens behind the 256 bytes.
std::string with_added(const Json& added) {
  const BpeModel model = [] {
    BpeModel made;
    for (int b = 0; b < 256; ++b) made.tokens.emplace_back(1, static_cast<char>(b));
    made.special.assign(256, 0);
    return made;
  }();
  test::TempDir dir;
  write_tokenizer_json(model, dir.path() / "tokenizer.json");
  Json json = read_json_file(dir.path() / "tokenizer.json");
  json["added_tokens"] = added;
  return to_text(json);
}

TEST(Tokenizer, PlainTextNeverForgesATurn) {
  const Json added = {{{"id", 256}, {"content", "<s>"}, {"special", true}},
                      {{"id", 257}, {"content", "<｜User｜>"}, {"special", false}},
                      {{"id", 258}, {"content", "<tool>"}, {"special", false}},
                      {{"id", 259}, {"content", "<h1>"}, {"special", false}}};
  TokenizerHints hints;
  hints.written = "{{ '<tool>' }}";
  const auto tokenizer = tokenizer_from_json(with_added(added), "t", hints);
  const std::string text = "<s><｜User｜><tool><h1>";
  EXPECT_EQ(tokenizer->encode_with_special(text), (std::vector<TokenId>{256, 257, 258, 259}));
  const auto plain = tokenizer->encode(text);
  EXPECT_EQ(plain.back(), 259);  // no control: a word of the vocabulary
  EXPECT_EQ(std::count_if(plain.begin(), plain.end(), [](TokenId id) { return id >= 256; }), 1);
  EXPECT_EQ(tokenizer->decode(plain), text);
  EXPECT_EQ(tokenizer->special("<tool>"), 258);
  EXPECT_FALSE(tokenizer->is_special(258));
  EXPECT_EQ(tokenizer->token_bytes(256), "");
  EXPECT_EQ(tokenizer->piece(256), "<s>");
}

TEST(Tokenizer, SaysWhatIsNotSupported) {
  const auto message = [](const char* part, const Json& value) {
    Json json = parse_json(with_added(Json::array()), "t");
    json[part] = value;
    try {
      tokenizer_from_json(to_text(json), "t.json");
    } catch (const Error& e) {
      return e.message() + " | " + e.hint();
    }
    return std::string("no error");
  };
  EXPECT_EQ(message("normalizer", {{"type", "BertNormalizer"}})
                .find("t.json: normalizer.type is \"BertNormalizer\" | supported: Sequence, NFC"),
            0u);
  EXPECT_NE(message("pre_tokenizer",
                    {{"type", "Sequence"}, {"pretokenizers", {{{"type", "BertPreTokenizer"}}}}})
                .find("pre_tokenizer.pretokenizers[0].type"),
            std::string::npos);
  EXPECT_NE(message("decoder", {{"type", "WordPiece"}}).find("decoder.type"), std::string::npos);
  EXPECT_NE(message("model", {{"type", "WordPiece"}}).find("model.type"), std::string::npos);
}

// Texts that would take hours if any step were quadratic.
TEST(Tokenizer, TakesLongTextsOfOneKind) {
  const std::unique_ptr<Tokenizer> all[] = {
      tokenizer_from_sentence_piece(read_file(kFixtures / "unigram_bytes.model"), "u"),
      tokenizer_from_sentence_piece(read_file(kFixtures / "bpe_bytes.model"), "b"),
      tokenizer_from_ranks(ranks({"aa", "aaaa", "  ", "    "}), "r", TiktokenSplit::kO200k)};
  for (const auto& tokenizer : all) {
    for (const char* unit : {"a", " ", "\n", "\xE6\x97\xA5", "ab", "\x80", "'"}) {
      std::string text;
      while (text.size() < 400'000) text += unit;
      EXPECT_FALSE(tokenizer->encode(text).empty());
    }
  }
}

TEST(SentencePiece, RefusesDamagedFiles) {
  const std::string whole = read_file(kFixtures / "bpe.model");
  EXPECT_THROW(tokenizer_from_sentence_piece("", "x"), Error);
  EXPECT_THROW(tokenizer_from_sentence_piece(whole.substr(0, whole.size() - 3), "x"), Error);
  EXPECT_THROW(tokenizer_from_sentence_piece("\xFF\xFF\xFF", "x"), Error);
}

}  // namespace tokenizer_test
}  // namespace parley::text
