// Structured output on a synthetic vocabulary of 128,000 tokens: what fill_mask() and accept()
// cost at each token of random replies under real-life schemas, first without any cached mask and
// then warm; and what compiling costs.
//     constraint_bench [VOCABULARY] [REPLIES]
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "constraint/grammar_matcher.hpp"

namespace {

using namespace parley;

// All bytes, runs of digits, blanks and punctuation, and words with and without a space before
// them, in several cases: the shape of a byte-level vocabulary.
class SyntheticTokenizer : public text::Tokenizer {
 public:
  explicit SyntheticTokenizer(int size) {
    std::unordered_set<std::string> known;
    const auto add = [&](const std::string& token) {
      if (static_cast<int>(tokens_.size()) < size && known.insert(token).second) {
        tokens_.push_back(token);
      }
    };
    tokens_.emplace_back();  // the end token
    for (int b = 0; b < 256; ++b) add(std::string(1, static_cast<char>(b)));
    for (int n = 0; n < 1110; ++n) add(std::to_string(n)), add("0" + std::to_string(n % 100));
    for (int n = 1; n <= 80; ++n) add(std::string(n, ' ')), add("\n" + std::string(n, ' '));
    const std::string marks = "\"{}[]:,.()<>/\\'=-_;!?*#&%+|@$^~`";
    for (const char a : marks) {
      for (const char b : marks) {
        add({a, b}), add({' ', a, b}), add({a, b, '\n'});
        for (const char c : {'"', '}', ']', ',', ':', '{', '['}) add({a, b, c});
      }
    }
    std::mt19937 random(1);
    const char* const parts[] = {"a", "e", "i", "o", "u", "ar", "en", "is", "on", "ur"};
    const char* const heads[] = {"b", "c", "d", "f",  "g",  "l",  "m", "n", "p",  "r",
                                 "s", "t", "v", "st", "tr", "ch", "é", "ж", "日", "ñ"};
    while (static_cast<int>(tokens_.size()) < size) {
      std::string word;
      for (unsigned n = 1 + random() % 4; n > 0; --n) {
        word += heads[random() % 20];
        word += parts[random() % 10];
      }
      switch (random() % 8) {
        case 0:
          word[0] = static_cast<char>(word[0] >= 'a' && word[0] <= 'z' ? word[0] - 32 : word[0]);
          break;
        case 1:
          word += random() % 2 == 0 ? "\"" : ",";
          break;
        case 2:
          word.insert(0, random() % 2 == 0 ? "\"" : "_");
          break;
        case 3:
        case 4:
        case 5:
          word.insert(0, " ");
          break;
        default:
          break;
      }
      add(word);
    }
  }
  int vocabulary_size() const override { return static_cast<int>(tokens_.size()); }
  using Tokenizer::encode;
  void encode(std::string_view, std::vector<text::TokenId>&) const override {}
  std::string_view token_bytes(text::TokenId id) const override {
    return tokens_[static_cast<std::size_t>(id)];
  }
  void encode_with_special(std::string_view text, std::vector<text::TokenId>& out) const override {
    encode(text, out);
  }
  std::string_view piece(text::TokenId id) const override { return token_bytes(id); }
  text::TokenId find(std::string_view) const override { return -1; }
  bool is_special(text::TokenId id) const override { return id == 0; }
  text::TokenId special(std::string_view) const override { return 0; }

 private:
  std::vector<std::string> tokens_;
};

struct Case {
  const char* name;
  engine::GrammarPtr (*compile)();
};

engine::GrammarPtr schema(const char* text) {
  return engine::compile_json_schema(parse_json(text, "schema"));
}

// As Kubernetes describes its resources: many definitions of optional properties that refer to each
// other, names with patterns and lengths, maps of strings.
engine::GrammarPtr resources() {
  Json root = {{"$ref", "#/definitions/d0"}, {"definitions", Json::object()}};
  constexpr int kDefinitions = 120, kProperties = 14;
  for (int d = 0; d < kDefinitions; ++d) {
    Json properties = Json::object();
    for (int p = 0; p < kProperties; ++p) {
      const std::string name = "property" + std::to_string(p * 7 % kProperties) + "Of" +
                               std::to_string((d * 5 + p) % 9);
      Json& property = properties[name];
      switch ((d + p) % 7) {
        case 0:
          property = {{"$ref", "#/definitions/d" + std::to_string((d * 3 + p) % kDefinitions)}};
          break;
        case 1:
          property = {{"type", "array"},
                      {"items", {{"$ref", "#/definitions/d" + std::to_string((d + p) % 50)}}}};
          break;
        case 2:
          property = {{"type", "object"}, {"additionalProperties", {{"type", "string"}}}};
          break;
        case 3:
          property = {{"type", "string"},
                      {"pattern", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
                      {"maxLength", 253}};
          break;
        case 4:
          property = {{"type", "integer"}, {"minimum", 0}, {"maximum", 65535}};
          break;
        case 5:
          property = {{"oneOf", {{{"type", "string"}}, {{"type", "integer"}}}}};
          break;
        default:
          property = {{"type", "string"}};
      }
    }
    root["definitions"]["d" + std::to_string(d)] = {
        {"type", "object"}, {"properties", properties}, {"required", {properties.begin().key()}}};
  }
  return engine::compile_json_schema(root);
}

// As configurations of tools are described: a choice by a property, conditions, and what is closed.
engine::GrammarPtr configuration() {
  Json steps = Json::array(), cases = Json::array();
  constexpr int kKinds = 25;
  for (int k = 0; k < kKinds; ++k) {
    const std::string kind = "kind-" + std::to_string(k);
    steps.push_back({{"type", "object"},
                     {"properties",
                      {{"uses", {{"const", kind}}},
                       {"with", {{"type", "object"}, {"maxProperties", 10}}},
                       {"timeout", {{"type", "number"}, {"exclusiveMinimum", 0}}},
                       {"url", {{"type", "string"}, {"format", "uri"}}}}},
                     {"required", {"uses"}},
                     {"additionalProperties", false}});
    cases.push_back({{"if", {{"properties", {{"mode", {{"const", kind}}}}}, {"required", {"mode"}}}},
                     {"then", {{"required", {"option" + std::to_string(k)}}}}});
  }
  return engine::compile_json_schema(
      {{"type", "object"},
       {"properties",
        {{"mode", {{"type", "string"}}},
         {"steps", {{"type", "array"}, {"items", {{"oneOf", steps}}}, {"minItems", 1}}}}},
       {"allOf", cases},
       {"not", {{"required", {"legacy"}}}}});
}

const Case kCases[] = {
    {"json_object", [] { return engine::compile_json_object(); }},
    {"person",
     [] {
       return schema(R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":
           "integer","minimum":0,"maximum":150},"email":{"type":"string","format":"email"},
           "tags":{"type":"array","items":{"type":"string"}},"role":{"enum":["admin","user",
           "guest"]}},"required":["name","age","role"]})");
     }},
    {"tool_call",
     [] {
       return schema(R"({"anyOf":[{"type":"object","properties":{"tool":{"const":"search"},
           "arguments":{"type":"object","properties":{"query":{"type":"string","maxLength":200},
           "limit":{"type":"integer","minimum":1,"maximum":50}},"required":["query"]}},"required":
           ["tool","arguments"]},{"type":"object","properties":{"tool":{"const":"book"},
           "arguments":{"type":"object","properties":{"film":{"type":"string"},"date":{"type":
           "string","format":"date"},"seats":{"type":"integer","minimum":1,"maximum":8}},
           "required":["film","date","seats"]}},"required":["tool","arguments"]}]})");
     }},
    {"tree",
     [] {
       return schema(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":
           {"value":{"type":"string"},"children":{"type":"array","items":{"$ref":
           "#/$defs/node"}}},"required":["value","children"]}}})");
     }},
    {"resources", resources},
    {"config", configuration},
    {"regex_log", [] { return engine::compile_regex("\\[(INFO|WARN)\\] \\d{4}-\\d{2}: .{1,80}"); }},
    {"gbnf_sums",
     [] {
       return engine::compile_gbnf(
           "root ::= sum\nsum ::= sum \" + \" product | product\nproduct ::= product \"*\" atom | "
           "atom\natom ::= [0-9]+ | [a-z]+ | \"(\" sum \")\"");
     }},
};

struct Times {
  std::vector<double> mask, accept;
  double at(std::vector<double>& v, double part) {
    if (v.empty()) return 0;
    std::sort(v.begin(), v.end());
    return v[std::min(v.size() - 1,
                      static_cast<std::size_t>(part * static_cast<double>(v.size())))];
  }
};

void reply(const engine::GrammarPtr& grammar,
           const std::shared_ptr<const engine::TokenTable>& table, std::mt19937& random,
           Times& times) {
  const Clock& clock = Clock::system();
  engine::GrammarMatcher matcher(grammar, table);
  std::vector<std::uint32_t> mask(table->mask_words());
  std::vector<text::TokenId> allowed;
  for (int step = 0; step < 120 && !matcher.is_finished(); ++step) {
    double start = clock.monotonic_s();
    matcher.fill_mask(mask);
    times.mask.push_back((clock.monotonic_s() - start) * 1e6);
    allowed.clear();
    for (std::size_t w = 0; w < mask.size(); ++w) {
      for (std::uint32_t bits = mask[w]; bits != 0; bits &= bits - 1) {
        allowed.push_back(static_cast<text::TokenId>(w * 32) + std::countr_zero(bits));
      }
    }
    if (allowed.empty()) break;
    // Models close what they open: every fourth token is the shortest that closes something.
    text::TokenId next = allowed[random() % allowed.size()];
    for (const text::TokenId id : allowed) {
      const std::string_view bytes = table->bytes(id);
      if (random() % 4 == 0 && bytes.size() == 1 &&
          std::string_view("\"]}").find(bytes[0]) != std::string_view::npos)
        next = id;
    }
    start = clock.monotonic_s();
    matcher.accept(next);
    times.accept.push_back((clock.monotonic_s() - start) * 1e6);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int vocabulary = argc > 1 ? std::atoi(argv[1]) : 128'000;
  const int replies = argc > 2 ? std::atoi(argv[2]) : 200;
  const Clock& clock = Clock::system();
  const SyntheticTokenizer tokenizer(vocabulary);
  double start = clock.monotonic_s();
  const auto make_table = [&] {
    return std::make_shared<const engine::TokenTable>(tokenizer, std::vector<text::TokenId>{0});
  };
  auto table = make_table();
  std::printf("vocabulary %d tokens, trie %zu nodes, built in %.0f ms\n", vocabulary,
              table->nodes().size(), (clock.monotonic_s() - start) * 1e3);
  std::printf("%-12s %10s %8s %8s | %26s | %26s | %20s\n", "", "compile", "states", "KiB",
              "first reply: mask p50, max", "warm: mask p50, p99, max", "accept p50, p99");
  for (const Case& c : kCases) {
    table = make_table();
    start = clock.monotonic_s();
    const engine::GrammarPtr grammar = c.compile();
    const double compile_ms = (clock.monotonic_s() - start) * 1e3;
    std::mt19937 random(1);
    Times first, warm;
    reply(grammar, table, random, first);
    for (int i = 0; i < replies / 2; ++i) {
      Times ignored;
      reply(grammar, table, random, ignored);
    }
    for (int i = 0; i < replies; ++i) reply(grammar, table, random, warm);
    std::printf(
        "%-12s %7.2f ms %8zu %8zu | %9.1f us %11.1f us | %6.1f %8.1f %8.1f us | %8.2f %8.2f us\n",
        c.name, compile_ms, grammar->states(), grammar->bytes() / 1024, first.at(first.mask, 0.5), first.at(first.mask, 1),
        warm.at(warm.mask, 0.5), warm.at(warm.mask, 0.99), warm.at(warm.mask, 1),
        warm.at(warm.accept, 0.5), warm.at(warm.accept, 0.99));
  }
}
