#include "tokenizer/bpe_trainer.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <queue>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "tokenizer/pre_tokenizer.hpp"

namespace parley::text {
namespace {

struct WordHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const {
    return std::hash<std::string_view>{}(word);
  }
};
using WordCounts = std::unordered_map<std::string, std::uint64_t, WordHash, std::equal_to<>>;

void count_words(std::string_view text, WordCounts& counts) {
  while (!text.empty()) {
    const std::string_view word = text.substr(0, next_word(text));
    const auto found = counts.find(word);
    if (found != counts.end()) {
      ++found->second;
    } else {
      counts.emplace(word, 1);
    }
    text.remove_prefix(word.size());
  }
}

WordCounts count_all(const TextSource& source, int threads) {
  std::mutex source_mutex;
  std::vector<WordCounts> partial(threads);
  std::exception_ptr failure;
  const auto work = [&](int index) {
    try {
      std::string piece, batch;
      std::vector<std::size_t> ends;
      for (;;) {
        batch.clear();
        ends.clear();
        {
          const std::lock_guard lock(source_mutex);
          while (batch.size() < (1u << 18) && source(piece)) {
            batch += piece;
            ends.push_back(batch.size());
          }
        }
        if (ends.empty()) return;
        std::size_t start = 0;
        for (const std::size_t end : ends) {
          count_words(std::string_view(batch).substr(start, end - start), partial[index]);
          start = end;
        }
      }
    } catch (...) {
      const std::lock_guard lock(source_mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work, i);
  work(0);
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
  for (int i = 1; i < threads; ++i) {
    for (auto& [word, count] : partial[i]) partial[0][word] += count;
    partial[i].clear();
  }
  return std::move(partial[0]);
}

struct Word {
  std::vector<TokenId> symbols;
  std::uint64_t count;
};

class Merger {
 public:
  Merger(BpeModel& model, const WordCounts& counts, TokenId first_byte) : model_(model) {
    std::vector<const WordCounts::value_type*> sorted;
    sorted.reserve(counts.size());
    for (const auto& entry : counts) {  // any order: sorted below
      if (entry.first.size() > 1) sorted.push_back(&entry);
    }
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) { return a->first < b->first; });
    words_.reserve(sorted.size());
    for (const auto* entry : sorted) {
      Word word{{}, entry->second};
      word.symbols.reserve(entry->first.size());
      for (const char c : entry->first)
        word.symbols.push_back(first_byte + static_cast<unsigned char>(c));
      words_.push_back(std::move(word));
    }
    for (std::uint32_t w = 0; w < words_.size(); ++w) {
      const Word& word = words_[w];
      for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
        add(key(word.symbols[i], word.symbols[i + 1]), word.count, w);
      }
    }
    // any order: the queue's is total
    for (const auto& [pair, info] : pairs_) queue_.push({info.count, pair});
  }

  void run(int vocabulary, std::uint64_t min_count, const std::function<void(int, int)>& on_merge) {
    const int total = vocabulary - static_cast<int>(model_.tokens.size());
    for (int done = 0; done < total;) {
      if (queue_.empty()) return;
      const Candidate top = queue_.top();
      queue_.pop();
      const auto found = pairs_.find(top.pair);
      if (found == pairs_.end() || found->second.count == 0) continue;
      if (found->second.count != top.count) {  // stale: put it back where it belongs now
        queue_.push({found->second.count, top.pair});
        continue;
      }
      if (top.count < std::max<std::uint64_t>(min_count, 1)) return;
      apply(top.pair);
      ++done;
      if (on_merge && (done % 64 == 0 || done == total)) on_merge(done, total);
    }
  }

 private:
  struct PairInfo {
    std::uint64_t count = 0;
    std::vector<std::uint32_t> words;  // where it occurs or once did; the same word may stand twice
  };
  struct Candidate {
    std::uint64_t count;
    std::uint64_t pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };
  struct KeyHash {
    std::size_t operator()(std::uint64_t x) const {
      x *= 0x9E3779B97F4A7C15ull;
      return x ^ (x >> 32);
    }
  };

  static std::uint64_t key(TokenId a, TokenId b) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(a)) << 32 |
           static_cast<std::uint32_t>(b);
  }
  void add(std::uint64_t pair, std::uint64_t count, std::uint32_t word) {
    PairInfo& info = pairs_[pair];
    info.count += count;
    if (info.words.empty() || info.words.back() != word) info.words.push_back(word);
  }

  void apply(std::uint64_t pair) {
    const auto left = static_cast<TokenId>(pair >> 32),
               right = static_cast<TokenId>(pair & 0xFFFFFFFFu);
    const auto made = static_cast<TokenId>(model_.tokens.size());
    model_.tokens.push_back(model_.tokens[left] + model_.tokens[right]);
    model_.special.push_back(0);
    model_.merges.push_back({left, right, made});
    std::vector<std::uint32_t> affected = std::move(pairs_[pair].words);
    pairs_.erase(pair);
    std::sort(affected.begin(), affected.end());
    affected.erase(std::unique(affected.begin(), affected.end()), affected.end());
    std::vector<std::uint64_t> grown;
    for (const std::uint32_t w : affected) {
      Word& word = words_[w];
      std::vector<TokenId>& s = word.symbols;
      std::size_t out = 0;
      for (std::size_t i = 0; i < s.size();) {
        if (i + 1 < s.size() && s[i] == left && s[i + 1] == right) {
          if (out > 0) {
            lower(key(s[out - 1], left), word.count);
            const std::uint64_t fresh = key(s[out - 1], made);
            add(fresh, word.count, w);
            grown.push_back(fresh);
          }
          if (i + 2 < s.size()) {
            lower(key(right, s[i + 2]), word.count);
            const std::uint64_t fresh = key(made, s[i + 2]);
            add(fresh, word.count, w);
            grown.push_back(fresh);
          }
          s[out++] = made;
          i += 2;
        } else {
          s[out++] = s[i++];
        }
      }
      s.resize(out);
    }
    std::sort(grown.begin(), grown.end());
    grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
    for (const std::uint64_t each : grown) {
      const auto found = pairs_.find(each);
      if (found != pairs_.end() && found->second.count > 0)
        queue_.push({found->second.count, each});
    }
  }

  void lower(std::uint64_t pair, std::uint64_t count) {
    const auto found = pairs_.find(pair);
    if (found == pairs_.end()) return;
    found->second.count -= std::min(found->second.count, count);
    if (found->second.count == 0) pairs_.erase(found);
  }

  BpeModel& model_;
  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, PairInfo, KeyHash> pairs_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace

BpeModel train_bpe(const TextSource& source, const BpeTrainOptions& options) {
  BpeModel model;
  for (const std::string_view special : options.special_tokens) {
    model.tokens.emplace_back(special);
    model.special.push_back(1);
  }
  const auto first_byte = static_cast<TokenId>(model.tokens.size());
  for (int byte = 0; byte < 256; ++byte) {
    model.tokens.emplace_back(1, static_cast<char>(byte));
    model.special.push_back(0);
  }
  if (options.vocabulary < static_cast<int>(model.tokens.size())) {
    fail(ErrorKind::kInvalidInput,
         "vocabulary " + std::to_string(options.vocabulary) + " is too small",
         "the 256 bytes and the special tokens alone take " + std::to_string(model.tokens.size()));
  }
  const WordCounts counts =
      count_all(source, options.threads > 0 ? options.threads : usable_cpus());
  if (counts.empty()) {
    fail(ErrorKind::kInvalidInput, "there is no text to learn a tokenizer from",
         "add data with `parley data add`");
  }
  Merger(model, counts, first_byte).run(options.vocabulary, options.min_count, options.on_merge);
  return model;
}

}  // namespace parley::text
