#include "engine_report.hpp"

#include <cstdio>

#include "base/cpu.hpp"

namespace parley::bench {

void print_json(const Report& r, const Figures& figures) {
  const Json out = {{"shape", r.shape},     {"processor", cpu_name()}, {"kernels", r.kernels},
                    {"threads", r.threads}, {"passes", r.passes},      {"median", figures.json()}};
  std::printf("%s\n", to_text(out, 2).c_str());
}

void print_table(const Report& r, const Figures& figures) {
  const auto line = [&](const char* label, const std::string& name, const char* unit,
                        double scale = 1, const std::string& extra = {}) {
    if (!figures.has(name)) return;
    std::printf("  %-46s %10.2f %s%s\n", label, figures[name] * scale, unit, extra.c_str());
  };
  const auto percent = [&](const std::string& name, const char* of) {
    char text[80];
    std::snprintf(text, sizeof text, "   %.0f %% of %s", figures[name] * 100, of);
    return std::string(text);
  };
  const auto times_one = [&](const std::string& name) {
    char text[80];
    std::snprintf(text, sizeof text, "   %.2f x one chat", figures[name]);
    return std::string(text);
  };
  std::printf("%s shape on %s, %d threads, %s; medians of %d passes\n", r.shape.c_str(),
              cpu_name().c_str(), r.threads, r.kernels.c_str(), r.passes);
  line("memory read, one thread", "limit/memory_read_1", "GB/s", 1e-9);
  line("memory read, all threads", "limit/memory_read_all", "GB/s", 1e-9);
  line("int8 dot products, one thread", "limit/int8_1", "Gop/s", 1e-9);
  line("int8 dot products, all threads", "limit/int8_all", "Gop/s", 1e-9,
       std::string("   ") + r.dot);
  line("decode, 1 chat", "int8/decode_1", "tokens/s", 1,
       percent("int8/decode_1_of_bandwidth", "memory read over the weight bytes"));
  for (const char* n : {"4", "16", "32"}) {
    const std::string name = std::string("int8/decode_") + n;
    line((std::string("decode, ") + n + " chats").c_str(), name, "tokens/s", 1,
         times_one(name + "_over_1"));
  }
  line("prefill, 512 tokens", "int8/prefill_512", "tokens/s", 1,
       percent("int8/prefill_512_of_int8_peak", "the int8 peak"));
  line("int4: decode, 1 chat", "int4/decode_1", "tokens/s");
  line("int4 over int8, 1 chat", "int4/decode_1_over_int8", "x");
  line("int4: prefill, 512 tokens", "int4/prefill_512", "tokens/s");
  line("AVX2 over the best: decode, 1 chat", "avx2/decode_1_over_best", "x");
  line("AVX2 over the best: decode, 16 chats", "avx2/decode_16_over_best", "x");
  line("AVX2 over the best: prefill", "avx2/prefill_512_over_best", "x");
  line("keys and values", "context/kv_bytes_per_token", "bytes a token");
  for (const char* n : {"4096", "8192"}) {
    const std::string name = std::string("context/decode_at_") + n;
    line((std::string("decode at ") + n).c_str(), name, "tokens/s");
    line("  over what the bytes explain", name + "_over_what_bytes_explain", "x");
  }
  line("first token, 24-token prompt", "serving/first_token_24", "ms", 1e3);
  line("first token, 1,000 cached + 24", "serving/first_token_1000_cached_and_24", "ms", 1e3);
  line("  cached over empty", "serving/cached_over_empty", "x");
  line("4,000-token prompt among 4 chats: gap p99/median",
       "serving/long_prompt_gap_p99_over_median", "x");
  line("  median gap over calm", "serving/long_prompt_gap_median_over_calm", "x");
  line("  the long prompt's first token", "serving/long_prompt_seconds", "s");
  for (const char* bits : {"int8", "int4"}) {
    const std::string at = std::string("load/") + bits;
    line((std::string("load, ") + bits + ", from safetensors").c_str(), at + "_packed_anew", "s");
    line("  the same, hashed and kept", at + "_first", "s");
    line("  from the packed cache", at + "_mapped", "s");
  }
  for (const char* what : {"decode_1", "decode_16", "prefill_512"}) {
    const std::string name = std::string("busy/") + what;
    line((std::string(what) + " beside a busy thread, of its share").c_str(),
         name + "_of_its_share", "x");
  }
  line("decode held to a regular expression, over free", "masks/decode_held_over_free", "x");
  line("resident memory, four chats", "memory/resident", "MB", 1e-6);
  line("  beyond weights, keys and values", "memory/beyond_weights_and_kv", "MB", 1e-6);
  line("decode from the mapped file over packed in memory", "load/decode_mapped_over_packed", "x");
}

}  // namespace parley::bench
