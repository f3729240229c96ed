// Tokenizer speed on the text of the given files: learning a vocabulary, and encoding on one thread
// with each kind of tokenizer. Every kind is made here, from the vocabulary just learnt, so that
// nothing has to be fetched; `--load DIR` measures a model folder's own tokenizer instead.
//     tokenizer_bench SIZE_MB VOCABULARY THREADS FILE…
//     tokenizer_bench --load DIR FILE…
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "prompt/chat_format.hpp"
#include "text/utf8.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/byte_alphabet.hpp"
#include "tokenizer/vocabulary_table.hpp"

namespace {

using namespace parley;

// Pieces of text as they come in: a message or a page, cut between characters.
std::vector<std::string_view> pieces_of(std::string_view all) {
  std::vector<std::string_view> out;
  while (!all.empty()) {
    out.push_back(text::utf8_prefix(all, 4096));
    all.remove_prefix(out.back().size());
  }
  return out;
}

// The median and the slowest of five passes over the distinct text (the first one meets a cold word
// cache), and one word of four million equal letters.
void measure(const char* kind, const text::Tokenizer& tokenizer, std::string_view all) {
  const Clock& clock = Clock::system();
  const auto pieces = pieces_of(all);
  std::vector<double> rates;
  std::size_t tokens = 0;
  std::vector<text::TokenId> ids;
  for (int round = 0; round < 5; ++round) {
    const double start = clock.monotonic_s();
    tokens = 0;
    for (const std::string_view piece : pieces) {
      ids.clear();
      tokenizer.encode(piece, ids);
      tokens += ids.size();
    }
    rates.push_back(static_cast<double>(all.size()) / 1e6 / (clock.monotonic_s() - start));
  }
  std::sort(rates.begin(), rates.end());
  const std::string run(4'000'000, 'a');
  ids.clear();
  const double start = clock.monotonic_s();
  tokenizer.encode(run, ids);
  const double one_word = static_cast<double>(run.size()) / 1e6 / (clock.monotonic_s() - start);
  std::printf(
      "{\"kind\":\"%s\",\"vocabulary\":%d,\"distinct_mb\":%.1f,\"encode_mb_per_s_one_thread\":%.1f,"
      "\"slowest_pass_mb_per_s\":%.1f,\"one_word_of_4_mb_mb_per_s\":%.1f,"
      "\"bytes_per_token\":%.2f}\n",
      kind, tokenizer.vocabulary_size(), static_cast<double>(all.size()) / 1e6, rates[2], rates[0],
      one_word, static_cast<double>(all.size()) / static_cast<double>(tokens));
}

// The learnt vocabulary as a GGUF file would carry it, byte-level.
text::VocabularyTable byte_level(const text::BpeModel& model, const char* pre) {
  text::VocabularyTable table;
  table.model = "gpt2";
  table.pre = pre;
  const auto spell = [&](text::TokenId id) { return text::bytes_to_stand_ins(model.tokens[id]); };
  for (text::TokenId id = 0; id < static_cast<text::TokenId>(model.tokens.size()); ++id) {
    table.tokens.push_back(model.special[id] ? model.tokens[id] : spell(id));
    table.types.push_back(model.special[id] ? 3 : 1);
  }
  for (const text::Merge& merge : model.merges)
    table.merges.push_back(spell(merge.left) + " " + spell(merge.right));
  return table;
}

// The same tokens with a score each, SentencePiece-style: those that are whole characters.
text::VocabularyTable scored(const text::BpeModel& model, const char* kind) {
  text::VocabularyTable table;
  table.model = kind;
  table.tokens = {"<unk>", "<s>", "</s>"};
  table.types = {2, 3, 3};
  for (int b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(b));
    table.tokens.emplace_back(name);
    table.types.push_back(6);
  }
  for (std::size_t id = 0; id < model.tokens.size(); ++id) {
    if (model.special[id] || !text::is_valid_utf8(model.tokens[id])) continue;
    std::string piece;
    for (const char c : model.tokens[id]) piece += c == ' ' ? "\xE2\x96\x81" : std::string(1, c);
    table.tokens.push_back(piece);
    table.types.push_back(1);
  }
  for (std::size_t id = 0; id < table.tokens.size(); ++id)
    table.scores.push_back(-std::log(static_cast<float>(id + 2)));
  table.unknown = 0;
  table.bos = 1;
  table.eos = 2;
  return table;
}

std::string read_all(char** from, char** to) {
  std::string all;
  for (char** file = from; file < to; ++file) all += read_file(*file);
  return text::repair_utf8(all);
}

int run(int argc, char** argv) {
  if (argc >= 4 && std::strcmp(argv[1], "--load") == 0) {
    const double start = Clock::system().monotonic_s();
    const auto tokenizer = text::load_tokenizer(std::filesystem::path(argv[2]));
    std::printf("{\"load_s\":%.2f}\n", Clock::system().monotonic_s() - start);
    measure(argv[2], *tokenizer, read_all(argv + 3, argv + argc));
    return 0;
  }
  if (argc < 5) {
    std::fprintf(stderr, "usage: tokenizer_bench SIZE_MB VOCABULARY THREADS FILE...\n");
    return 2;
  }
  const std::size_t size = std::strtoul(argv[1], nullptr, 10) * 1'000'000;
  text::BpeTrainOptions options;
  options.special_tokens = text::kSpecialTokens;
  options.vocabulary = std::atoi(argv[2]);
  options.threads = std::atoi(argv[3]);
  const std::string all = read_all(argv + 4, argv + argc);
  std::size_t given = 0;
  const text::TextSource source = [&](std::string& out) {
    if (given >= size) return false;
    out = all.substr(given % all.size(), 4096);
    given += out.size();
    return true;
  };
  const double start = Clock::system().monotonic_s();
  const text::BpeModel model = text::train_bpe(source, options);
  const double learn = Clock::system().monotonic_s() - start;
  std::printf("{\"vocabulary\":%zu,\"threads\":%d,\"learn_mb_per_s\":%.1f}\n", model.tokens.size(),
              options.threads, static_cast<double>(given) / 1e6 / learn);
  measure("trained by Parley", text::BpeTokenizer(model), all);
  for (const char* pre :
       {"llama-bpe", "qwen2", "gpt-2", "smollm", "gpt-4o", "tekken", "deepseek-v3", "default"})
    measure(pre, *text::tokenizer_from_table(byte_level(model, pre), "bench"), all);
  measure("SentencePiece BPE", *text::tokenizer_from_table(scored(model, "llama"), "bench"), all);
  measure("SentencePiece Unigram", *text::tokenizer_from_table(scored(model, "t5"), "bench"), all);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const parley::Error& e) {
    std::fprintf(stderr, "%s\n%s\n", e.message().c_str(), e.hint().c_str());
    return 1;
  }
}
