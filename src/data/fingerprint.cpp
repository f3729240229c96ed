#include "data/fingerprint.hpp"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <string>

#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::size_t kGram = 5;
constexpr std::uint64_t kBoundary = 0x9e3779b97f4a7c15u;

std::uint64_t mix(std::uint64_t x) {  // the finaliser of MurmurHash3
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdu;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53u;
  return x ^ (x >> 33);
}

// 0: no word character; otherwise the lower-case byte.
constexpr auto kWordByte = [] {
  std::array<unsigned char, 128> table{};
  for (int c = '0'; c <= '9'; ++c)
    table[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
  for (int c = 'a'; c <= 'z'; ++c) {
    table[static_cast<std::size_t>(c)] = static_cast<unsigned char>(c);
    table[static_cast<std::size_t>(c - 32)] = static_cast<unsigned char>(c);
  }
  return table;
}();

enum class Script { kLetter, kAlone, kSeparator };

Script script_of(char32_t c) {
  if (c < 0xC0) return c == 0xAA || c == 0xB5 || c == 0xBA ? Script::kLetter : Script::kSeparator;
  if ((c >= 0x2000 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x3020) ||
      (c >= 0xFF00 && c <= 0xFF0F)) {
    return Script::kSeparator;  // punctuation, arrows, symbols
  }
  const bool alone = (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) ||
                     (c >= 0x1780 && c <= 0x17FF) || (c >= 0x2E80 && c <= 0x9FFF) ||
                     (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
  return alone ? Script::kAlone : Script::kLetter;
}

}  // namespace

void Shingler::add_words(std::string_view text) {
  constexpr std::uint64_t kStart = 0xcbf29ce484222325u, kPrime = 0x100000001b3u;  // FNV-1a
  std::uint64_t hash = kStart;
  bool in_word = false;
  const auto end_word = [&] {
    if (in_word) words_.push_back(mix(hash));
    hash = kStart;
    in_word = false;
  };
  for (std::size_t at = 0; at < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      ++at;
      const unsigned char folded = kWordByte[c];
      if (folded == 0) {
        // An apostrophe inside a word belongs to it: "don't" is one word.
        if (!(c == '\'' && in_word)) end_word();
      } else {
        hash = (hash ^ folded) * kPrime;
        in_word = true;
      }
      continue;
    }
    const text::CodePoint code = text::decode_code_point(text, at);
    at += code.length;
    const Script script = script_of(code.value);
    if (script != Script::kLetter) end_word();
    if (script == Script::kSeparator) continue;
    hash = (hash ^ code.value) * kPrime;
    in_word = true;
    if (script == Script::kAlone) end_word();
  }
  end_word();
}

const std::vector<std::uint64_t>& Shingler::shingles(const Record& record) {
  words_.assign(kGram - 1, kBoundary);
  if (record.is_document()) {
    add_words(record.text);
  } else {
    for (const auto& message : record.messages) {
      words_.push_back(
          mix(kBoundary + static_cast<unsigned char>(message.role.empty() ? 0 : message.role[0])));
      add_words(message.content);
    }
  }
  words_.insert(words_.end(), kGram - 1, kBoundary);
  shingles_.clear();
  for (std::size_t i = kGram - 1; i < words_.size(); ++i) {
    std::uint64_t hash = 0;
    for (std::size_t k = 0; k < kGram; ++k)
      hash = hash * 0x9fb21c651e98df25u + words_[i - kGram + 1 + k];
    shingles_.push_back(mix(hash));
  }
  return shingles_;
}

void Shingler::release() {
  std::vector<std::uint64_t>().swap(words_);
  std::vector<std::uint64_t>().swap(shingles_);
}

Sketch make_sketch(const std::vector<std::uint64_t>& shingles) {
  constexpr std::uint64_t kEmpty = std::numeric_limits<std::uint64_t>::max();
  std::array<std::uint64_t, kSketchSize> minimum;
  minimum.fill(kEmpty);
  for (const std::uint64_t hash : shingles) {
    std::uint64_t& bin = minimum[hash >> 57];
    bin = std::min(bin, hash & ((std::uint64_t{1} << 57) - 1));
  }
  Sketch sketch{};
  if (shingles.empty()) return sketch;
  for (std::size_t i = 0; i < kSketchSize; ++i) {
    // An empty bin borrows from the first full one of a sequence that depends on the bin alone.
    std::size_t from = i;
    for (std::uint64_t attempt = 1; minimum[from] == kEmpty; ++attempt) {
      from = mix(i * 0x2545f4914f6cdd1du + attempt) % kSketchSize;
    }
    sketch[i] = static_cast<std::uint16_t>(minimum[from]);
  }
  return sketch;
}

double sketch_similarity(const Sketch& a, const Sketch& b) {
  int equal = 0;
  for (std::size_t i = 0; i < kSketchSize; ++i) equal += a[i] == b[i];
  return static_cast<double>(equal) / kSketchSize;
}

double jaccard(std::vector<std::uint64_t>& a, std::vector<std::uint64_t>& b) {
  for (auto* side : {&a, &b}) {
    std::sort(side->begin(), side->end());
    side->erase(std::unique(side->begin(), side->end()), side->end());
  }
  std::size_t common = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j) {
      ++common;
      ++i;
      ++j;
    } else if (*i < *j) {
      ++i;
    } else {
      ++j;
    }
  }
  const std::size_t together = a.size() + b.size() - common;
  return together == 0 ? 1.0 : static_cast<double>(common) / static_cast<double>(together);
}

Hash128 content_hash(const Record& record) {
  // Lengths are hashed with the texts, so no two different records have the same bytes.
  thread_local std::string bytes;
  bytes.clear();
  const auto add = [&](std::string_view text) {
    const std::uint64_t size = text.size();
    bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
    bytes.append(text);
  };
  if (record.is_document()) {
    bytes = "document";
    add(record.text);
  } else {
    bytes = "conversation";
    for (const auto& message : record.messages) {
      add(message.role);
      add(message.content);
    }
  }
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  if (bytes.capacity() > (1u << 20)) std::string().swap(bytes);
  return {hash.high64, hash.low64};
}

}  // namespace parley::data
