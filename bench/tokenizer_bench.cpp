// Tokenizer speed: learning a vocabulary and encoding with it, on the text of the given files,
// repeated to a size.
//     tokenizer_bench SIZE_MB VOCABULARY THREADS FILE…
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "text/bpe_trainer.hpp"

int main(int argc, char** argv) {
  using namespace parley;
  if (argc < 5) {
    std::fprintf(stderr, "usage: tokenizer_bench SIZE_MB VOCABULARY THREADS FILE...\n");
    return 2;
  }
  const std::size_t size = std::strtoul(argv[1], nullptr, 10) * 1'000'000;
  text::BpeTrainOptions options;
  options.vocabulary = std::atoi(argv[2]);
  options.threads = std::atoi(argv[3]);
  std::string all;
  for (int i = 4; i < argc; ++i) all += read_file(argv[i]);
  constexpr std::size_t kPiece = 4096;
  std::size_t given = 0;
  const text::TextSource source = [&](std::string& out) {
    if (given >= size) return false;
    out = all.substr(given % all.size(), kPiece);
    given += out.size();
    return true;
  };
  const Clock& clock = Clock::system();
  double start = clock.monotonic_s();
  const text::BpeModel model = text::train_bpe(source, options);
  const double learn = clock.monotonic_s() - start;
  const text::BpeTokenizer tokenizer(model);
  std::vector<double> rates;
  std::size_t tokens = 0;
  for (int round = 0; round < 5;
       ++round) {  // one thread; the median of five passes over the distinct text
    std::vector<text::TokenId> ids;
    start = clock.monotonic_s();
    for (std::size_t at = 0; at < all.size(); at += kPiece) {
      ids.clear();
      tokenizer.encode(std::string_view(all).substr(at, kPiece), ids);
      tokens += round == 0 ? ids.size() : 0;
    }
    rates.push_back(static_cast<double>(all.size()) / 1e6 / (clock.monotonic_s() - start));
  }
  std::sort(rates.begin(), rates.end());
  std::printf(
      "{\"distinct_mb\":%.1f,\"vocabulary\":%zu,\"threads\":%d,\"learn_mb_per_s\":%.1f,\"encode_mb_"
      "per_s_one_thread\":%.1f,\"bytes_per_token\":%.2f}\n",
      static_cast<double>(all.size()) / 1e6, model.tokens.size(), options.threads,
      static_cast<double>(given) / 1e6 / learn, rates[2],
      static_cast<double>(all.size()) / static_cast<double>(tokens));
}
