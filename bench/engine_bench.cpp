// The engine's speed, whole: attention, sampling and scheduler included. Limits of the machine and
// figures are taken in turns, several passes, medians: a shared machine's memory speed changes by a
// factor of two within seconds, so only ratios of one run mean anything.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <thread>

#include "base/cpu.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "engine/engine.hpp"
#include "engine/grammar_constraint.hpp"
#include "engine_driver.hpp"
#include "engine_report.hpp"
#include "machine_limits.hpp"
#include "nn/model/kv_cache.hpp"
#include "random_model.hpp"

namespace parley::bench {
namespace {

using engine::Engine;

struct Settings {
  int passes = 3, threads = 0;
  bool json = false, quick = false;
  std::string shape = "smollm2-135m", only;
};

class Bench {
 public:
  explicit Bench(const Settings& settings)
      : s_(settings),
        threads_(settings.threads > 0 ? settings.threads : usable_cpus()),
        config_(settings.shape == "llama-3.2-1b" ? llama32_1b() : smollm2_135m()) {
    for (int i = 0; i < config_.layers; ++i) {
      multiply_adds_ += std::int64_t{config_.width} * config_.head_dim *
                            (2 * config_.heads + 2 * config_.kv_heads) +
                        std::int64_t{3} * config_.width * config_.hidden;
    }
  }

  void run_all() {
    const bool all = s_.only.empty();
    const auto wanted = [&](const char* part) { return all || s_.only == part; };
    if (wanted("decode")) part_decode();
    if (wanted("int4")) part_int4();
    if (wanted("avx2") && cpu_features().avx512_vnni) part_avx2();
    if (wanted("context")) part_context();
    if (wanted("serving")) part_serving();
    if (wanted("load")) part_load();
    if (wanted("busy")) part_busy();
    if (wanted("memory")) part_memory();
    if (wanted("masks")) part_masks();
    print();
  }

 private:
  std::unique_ptr<Engine> make(nn::Precision precision, const std::string& isa,
                               engine::Options options = {}) {
    options.threads = threads_;
    options.isa = isa;
    options.precision = precision;
    options.speculation = 0;
    options.prefill_chunk = 512;
    if (options.kv_memory == 0) options.kv_memory = std::size_t{2} << 30;
    auto model = random_model(config_, {precision, threads_});
    weight_bytes_[precision] = static_cast<double>(model->weight_bytes());
    return Engine::make(std::move(model), letters(config_.vocabulary), {}, options);
  }

  void limits() {
    figures_.add("limit/memory_read_1", memory_read_bandwidth(1, 0.1));
    figures_.add("limit/memory_read_all", memory_read_bandwidth(threads_, 0.15));
    figures_.add("limit/int8_1", int8_peak(1, 0.1));
    figures_.add("limit/int8_all", int8_peak(threads_, 0.15, &dot_name_));
  }

  void note(const char* what, int pass) {
    std::fprintf(stderr, "\r\033[K%s: %s, pass %d of %d", s_.shape.c_str(), what, pass + 1,
                 s_.passes);
    std::fflush(stderr);
  }

  void decode_and_prefill(Engine& engine, const std::string& prefix, std::vector<int> chats,
                          double weight_bytes, unsigned seed) {
    const int reply = s_.quick ? 24 : s_.shape == "llama-3.2-1b" ? 32 : 64;
    for (const int n : chats) {
      const double bandwidth = memory_read_bandwidth(threads_, 0.05);
      const double rate = decode_rate(engine, n, reply, seed);
      const double after = memory_read_bandwidth(threads_, 0.05);
      figures_.add(prefix + "decode_" + std::to_string(n), rate);
      if (n == 1) {
        figures_.add(prefix + "decode_1_of_bandwidth",
                     rate * weight_bytes / ((bandwidth + after) / 2));
        last_single_ = rate;
      } else {
        figures_.add(prefix + "decode_" + std::to_string(n) + "_over_1", rate / last_single_);
      }
    }
    const double peak = int8_peak(threads_, 0.05);
    const double seconds = first_token(engine, tokens(512, seed + 77), seed);
    const double after = int8_peak(threads_, 0.05);
    figures_.add(prefix + "prefill_512", 512 / seconds);
    figures_.add(prefix + "prefill_512_of_int8_peak",
                 2.0 * static_cast<double>(multiply_adds_) * 512 / seconds / ((peak + after) / 2));
  }

  void part_decode() {
    auto engine = make(nn::Precision::kInt8, "");
    kernels_ = engine->model().kernels;
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("int8", pass);
      limits();
      decode_and_prefill(*engine, "int8/", {1, 4, 16, 32}, weight_bytes_[nn::Precision::kInt8],
                         static_cast<unsigned>(1000 * pass));
    }
  }

  void part_int4() {
    auto eight = make(nn::Precision::kInt8, ""), four = make(nn::Precision::kInt4, "");
    const int reply = s_.quick ? 24 : 48;
    for (int pass = 0; pass < 2 * s_.passes; ++pass) {
      note("int4 beside int8", pass / 2);
      const auto seed = static_cast<unsigned>(5000 + 100 * pass);
      const double a = decode_rate(*eight, 1, reply, seed);
      const double b = decode_rate(*four, 1, reply, seed);
      const double c = decode_rate(*eight, 1, reply, seed + 1);
      figures_.add("int4/decode_1", b);
      figures_.add("int4/decode_1_over_int8", b / ((a + c) / 2));
    }
    figures_.add("int4/prefill_512", 512 / first_token(*four, tokens(512, 99), 1));
  }

  void part_avx2() {
    auto narrow = make(nn::Precision::kInt8, "avx2"), wide = make(nn::Precision::kInt8, "");
    const int reply = s_.quick ? 16 : 32;
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("AVX2 beside the best", pass);
      const auto seed = static_cast<unsigned>(9000 + 100 * pass);
      for (const int chats : {1, 16}) {
        const double a = decode_rate(*wide, chats, reply, seed);
        const double b = decode_rate(*narrow, chats, reply, seed);
        figures_.add("avx2/decode_" + std::to_string(chats) + "_over_best", b / a);
      }
      const double a = first_token(*wide, tokens(512, seed), 1);
      const double b = first_token(*narrow, tokens(512, seed), 1);
      figures_.add("avx2/prefill_512_over_best", a / b);
    }
  }

  void part_context() {
    auto engine = make(nn::Precision::kInt8, "");
    const double kv_bytes =
        static_cast<double>(nn::KvCache::block_bytes(config_, false)) / nn::kKvBlock;
    figures_.add("context/kv_bytes_per_token", kv_bytes);
    const auto text = tokens(8192, 4242);
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("long contexts", pass);
      const double none = decode_rate(*engine, 1, 32, static_cast<unsigned>(pass) + 1);
      for (const int length : {4096, 8192}) {
        std::vector<engine::Request> one;
        one.push_back(request({text.begin(), text.begin() + length - 64}, 32, 3));
        const auto times = run(*engine, std::move(one));  // the prefix is kept from pass to pass
        const auto& at = times[0].at;
        const double rate = static_cast<double>(at.size() - 1) /
                            std::chrono::duration<double>(at.back() - at.front()).count();
        const std::string name = "context/decode_at_" + std::to_string(length);
        figures_.add(name, rate);
        // 1: as slow as reading the weights and the keys and values would make it.
        const double weights = weight_bytes_[nn::Precision::kInt8];
        figures_.add(name + "_over_what_bytes_explain",
                     rate / none * (weights + kv_bytes * length) / weights);
      }
    }
  }

  // From safetensors that are in the page cache, packed anew; hashed, packed and kept; mapped.
  void part_load() {
    const std::filesystem::path folder = "build/bench/load-" + s_.shape;
    std::filesystem::remove_all(folder);
    write_random_model(config_, folder.string());
    // What changed in the last two seconds is not remembered.
    std::this_thread::sleep_for(std::chrono::seconds(3));
    nn::ModelOptions options;
    options.threads = threads_;
    options.cache.folder = folder / "cache";
    const auto timed = [&](const char* name) {
      const auto start = Clock::now();
      auto model = nn::Model::load(folder, options);
      figures_.add(name, std::chrono::duration<double>(Clock::now() - start).count());
      return model;
    };
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("load", pass);
      for (const auto precision : {nn::Precision::kInt8, nn::Precision::kInt4}) {
        const bool eight = precision == nn::Precision::kInt8;
        options.precision = precision;
        options.cache.on = false;
        timed(eight ? "load/int8_packed_anew" : "load/int4_packed_anew");
        options.cache.on = true;
        std::filesystem::remove_all(options.cache.folder);
        timed(eight ? "load/int8_first" : "load/int4_first");
        timed(eight ? "load/int8_mapped" : "load/int4_mapped");
      }
    }
    const auto engine_of = [&](bool mapped) {
      engine::Options own;
      own.threads = threads_;
      own.speculation = 0;
      own.kv_memory = std::size_t{1} << 30;
      options.cache.on = mapped;
      options.precision = nn::Precision::kInt8;
      return Engine::make(nn::Model::load(folder, options), letters(config_.vocabulary), {}, own);
    };
    engine_of(true);  // kept from here on
    const auto packed = engine_of(false), mapped = engine_of(true);
    for (int pass = 0; pass < 2 * s_.passes; ++pass) {
      note("decode from the map", pass / 2);
      const auto seed = static_cast<unsigned>(300 + pass);
      const double a = decode_rate(*packed, 1, 32, seed), b = decode_rate(*mapped, 1, 32, seed);
      figures_.add("load/decode_mapped_over_packed", b / a);
    }
    std::filesystem::remove_all(folder);
  }

  // A processor that others use: as many threads beside it as would like one processor more. What
  // is left is a share of the machine; less than that would be waiting for each other.
  void part_busy() {
    auto engine = make(nn::Precision::kInt8, "");
    const double share = static_cast<double>(threads_) / (threads_ + 1);
    const int reply = s_.shape == "llama-3.2-1b" ? 24 : 96;
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("a busy processor", pass);
      const auto seed = static_cast<unsigned>(100 * pass);
      unsigned salt = 7;
      const auto measure = [&](const char* when) {
        const auto name = [&](const char* what) { return std::string("busy/") + what + when; };
        figures_.add(name("decode_1"), decode_rate(*engine, 1, reply, seed));
        figures_.add(name("decode_16"), decode_rate(*engine, 16, reply, seed));
        figures_.add(name("prefill_512"),
                     512 / first_token(*engine, tokens(512, seed + salt), seed));
        ++salt;
      };
      measure("_calm");
      std::atomic<bool> stop = false;
      std::thread other([&] {
        while (!stop) {
        }
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      measure("_busy");
      stop = true;
      other.join();
    }
    for (const char* what : {"decode_1", "decode_16", "prefill_512"}) {
      const std::string name = std::string("busy/") + what;
      figures_.add(name + "_of_its_share",
                   figures_[name + "_busy"] / figures_[name + "_calm"] / share);
    }
  }

  // Replies held to a form beside free ones: a mask over the vocabulary for every token.
  void part_masks() {
    auto engine = make(nn::Precision::kInt8, "");
    const auto grammar = engine::compile_regex("([a-z]{1,12} )*");
    const auto table = std::make_shared<const engine::TokenTable>(engine->tokenizer(),
                                                                  std::vector<text::TokenId>{});
    const int reply = s_.quick ? 24 : 48;
    for (int pass = 0; pass < 3 * s_.passes; ++pass) {
      note("masks", pass / 3);
      const auto rate = [&](bool held) {
        std::vector<engine::Request> one;
        one.push_back(request(tokens(16, static_cast<unsigned>(pass)), reply, 1));
        if (held) one[0].constraint = std::make_shared<engine::GrammarConstraint>(grammar, table);
        const auto times = run(*engine, std::move(one));
        const auto& at = times[0].at;
        return static_cast<double>(at.size() - 1) /
               std::chrono::duration<double>(at.back() - at.front()).count();
      };
      const double before = rate(false), held = rate(true), after = rate(false);
      figures_.add("masks/decode_held_over_free", held / ((before + after) / 2));
    }
  }

  // What a process takes beyond its weights and the keys and values in use, with four chats.
  void part_memory() {
    const std::filesystem::path folder = "build/bench/memory-" + s_.shape;
    std::filesystem::remove_all(folder);
    write_random_model(config_, folder.string());
    for (const bool first : {true, false}) {  // the first packs and keeps, the second maps
      int ends[2];
      if (::pipe(ends) != 0) return;
      const pid_t child = ::fork();
      if (child == 0) {
        double told[2] = {0, 0};
        {
          engine::Options own;
          own.threads = threads_;
          nn::ModelOptions options;
          options.threads = threads_;
          options.cache.folder = folder / "cache";
          options.cache.least_bytes = 0;
          const auto engine =
              Engine::make(nn::Model::load(folder, options), letters(config_.vocabulary), {}, own);
          const double weights =
              static_cast<double>(nn::Model::load(folder, options)->weight_bytes());
          decode_rate(*engine, 4, 32, 1, 200);
          const engine::Stats stats = engine->stats();
          const double used = (stats.kv_blocks - stats.kv_blocks_free) *
                              static_cast<double>(nn::KvCache::block_bytes(config_, false));
          told[0] = resident_bytes();
          told[1] = told[0] - weights - used;
        }
        const auto written = ::write(ends[1], told, sizeof told);
        ::_exit(written == sizeof told ? 0 : 1);
      }
      ::close(ends[1]);
      double told[2] = {0, 0};
      const bool heard = ::read(ends[0], told, sizeof told) == sizeof told;
      ::close(ends[0]);
      ::waitpid(child, nullptr, 0);
      if (first || !heard) continue;
      figures_.add("memory/resident", told[0]);
      figures_.add("memory/beyond_weights_and_kv", told[1]);
    }
    std::filesystem::remove_all(folder);
  }
  static double resident_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmRSS:")) return 1024.0 * std::atof(line.c_str() + 6);
    }
    return 0;
  }

  void part_serving() {
    auto engine = make(nn::Precision::kInt8, "");
    const auto system = tokens(1000, 31337);
    run(*engine, [&] {
      std::vector<engine::Request> warm;
      warm.push_back(request(system, 1, 1));
      return warm;
    }());
    for (int pass = 0; pass < 2 * s_.passes; ++pass) {
      note("shared system prompt", pass / 2);
      const auto question = tokens(24, static_cast<unsigned>(600 + pass));
      auto whole = system;
      whole.insert(whole.end(), question.begin(), question.end());
      const double empty = first_token(*engine, question, 1);
      const double shared = first_token(*engine, whole, 1);
      figures_.add("serving/first_token_24", empty);
      figures_.add("serving/first_token_1000_cached_and_24", shared);
      figures_.add("serving/cached_over_empty", shared / empty);
    }
    for (int pass = 0; pass < s_.passes; ++pass) {
      note("a long prompt among chats", pass);
      std::vector<engine::Request> requests;
      for (unsigned i = 0; i < 4; ++i)
        requests.push_back(
            request(tokens(16, 700 + i + 10u * static_cast<unsigned>(pass)), 400, i));
      std::vector<Times> times;
      auto chats =
          std::async(std::launch::async, [&] { times = run(*engine, std::move(requests)); });
      std::this_thread::sleep_for(
          std::chrono::milliseconds(s_.shape == "llama-3.2-1b" ? 3000 : 600));
      const auto sent = Clock::now();
      first_token(*engine, tokens(4000, static_cast<unsigned>(900 + pass)), 1);
      const auto answered = Clock::now();
      chats.wait();
      std::vector<double> gaps, calm;
      for (const Times& t : times) {
        for (std::size_t i = 1; i < t.at.size(); ++i) {
          const double gap = std::chrono::duration<double>(t.at[i] - t.at[i - 1]).count();
          if (t.at[i] > sent && t.at[i - 1] < answered) {
            gaps.push_back(gap);
          } else if (t.at[i] < sent) {
            calm.push_back(gap);
          }
        }
      }
      if (gaps.size() < 20) continue;
      std::sort(gaps.begin(), gaps.end());
      figures_.add("serving/long_prompt_gap_p99_over_median",
                   gaps[gaps.size() * 99 / 100] / median(gaps));
      figures_.add("serving/long_prompt_gap_median_over_calm", median(gaps) / median(calm));
      figures_.add("serving/long_prompt_seconds",
                   std::chrono::duration<double>(answered - sent).count());
    }
  }

  void print() {
    std::fprintf(stderr, "\r\033[K");
    const Report report{s_.shape, kernels_, dot_name_, threads_, s_.passes};
    if (s_.json) {
      print_json(report, figures_);
    } else {
      print_table(report, figures_);
    }
  }

  Settings s_;
  int threads_;
  nn::ModelConfig config_;
  std::int64_t multiply_adds_ = 0;  // per token, head excluded: prefill needs it for one row
  std::map<nn::Precision, double> weight_bytes_;
  double last_single_ = 1;
  std::string kernels_;
  const char* dot_name_ = "";
  Figures figures_;
};

int main_of(int argc, char** argv) {
  Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
    if (word == "--json") {
      s.json = true;
    } else if (word == "--quick") {
      s.quick = true, s.passes = 1;
    } else if (word == "--passes") {
      s.passes = std::max(1, std::atoi(value().c_str()));
    } else if (word == "--threads") {
      s.threads = std::atoi(value().c_str());
    } else if (word == "--shape") {
      s.shape = value();
    } else if (word == "--only") {
      s.only = value();
    } else {
      std::fprintf(
          stderr,
          "usage: engine_bench [--shape smollm2-135m|llama-3.2-1b] [--passes N] [--quick]\n"
          "         [--only decode|int4|avx2|context|serving|load|busy|memory|masks] [--threads N] "
          "[--json]\n");
      return 2;
    }
  }
  Bench(s).run_all();
  return 0;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
  return parley::bench::main_of(argc, argv);
}
