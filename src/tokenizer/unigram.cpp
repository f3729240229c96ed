#include "tokenizer/unigram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "text/char_class.hpp"
#include "tokenizer/word_cache.hpp"

namespace parley::text {
namespace {

template <typename Score>
struct Node {
  Score score;
  std::int32_t start;  // where the last piece of the best way to here begins; -1: not reached
  TokenId id;          // that piece; kUnknown for a character that is none
  double second;       // the best score of the other ways
};
constexpr TokenId kUnknown = -1;
constexpr double kNever = -std::numeric_limits<double>::infinity();

template <typename Score>
std::vector<Node<Score>>& nodes_of_thread() {
  thread_local std::vector<Node<Score>> nodes;
  return nodes;
}

// How far two sums of `pieces` scores that are carried on from `carried` may be wrong together.
template <typename Score>
double rounding(Score carried, double own, std::size_t pieces) {
  return (std::abs(static_cast<double>(carried)) + std::abs(own) + 1) *
         static_cast<double>(std::numeric_limits<Score>::epsilon()) *
         static_cast<double>(4 * pieces + 4);
}

}  // namespace

UnigramPieces::UnigramPieces(UnigramRules rules)
    : rules_(std::move(rules)), instance_(next_cache_instance()) {}

void UnigramPieces::encode(std::string_view text, std::vector<TokenId>& out) const {
  if (rules_.single_precision) {
    encode_text<float>(text, out);
  } else {
    encode_text<double>(text, out);
  }
}

void UnigramPieces::append_unknown(std::string_view characters, std::vector<TokenId>& out) const {
  // Hugging Face looks a run of unknown characters up once more, as a whole.
  if (const TokenId id = rules_.pieces.find(characters); id >= 0 && !rules_.single_precision) {
    out.push_back(id);
    return;
  }
  if (rules_.byte_fallback && std::all_of(characters.begin(), characters.end(), [&](char c) {
        return rules_.bytes[static_cast<unsigned char>(c)] >= 0;
      })) {
    for (const char c : characters) out.push_back(rules_.bytes[static_cast<unsigned char>(c)]);
  } else if (rules_.unknown >= 0) {
    out.push_back(rules_.unknown);
  }
}

// Appends the best segmentation of `word` when the sum before it is `carried`.
template <typename Score>
UnigramPieces::Segmentation<Score> UnigramPieces::segment(std::string_view word, Score carried,
                                                          std::vector<TokenId>& out) const {
  auto& nodes = nodes_of_thread<Score>();
  if (nodes.size() < word.size() + 1) nodes.resize(word.size() + 1);
  const Node<Score> unreached = {0, -1, kUnknown, kNever};
  std::fill_n(nodes.begin(), word.size() + 1, unreached);
  nodes[0].score = carried;
  // A sum is compared as a double and kept as a Score: so does SentencePiece.
  const auto offer = [&](std::size_t from, std::size_t length, double sum, TokenId id) {
    Node<Score>& to = nodes[from + length];
    if (to.start < 0) {
      to = {static_cast<Score>(sum), static_cast<std::int32_t>(from), id, kNever};
    } else if (sum > static_cast<double>(to.score)) {
      to = {static_cast<Score>(sum), static_cast<std::int32_t>(from), id,
            std::max(to.second, static_cast<double>(to.score))};
    } else {
      to.second = std::max(to.second, sum);
    }
  };
  for (std::size_t at = 0; at < word.size();) {
    const auto character = static_cast<std::size_t>(decode_utf8(word, at).length);
    const Score here = nodes[at].score;
    bool single = false;
    rules_.pieces.each_prefix(word, at, [&](std::size_t length, std::int32_t id) {
      offer(at, length, rules_.scores[id] + static_cast<double>(here), id);
      single |= length == character;
    });
    if (!single) {
      const Score sum = static_cast<Score>(rules_.unknown_score) + here;
      offer(at, character, static_cast<double>(sum), kUnknown);
    }
    at += character;
  }
  thread_local std::vector<std::pair<std::int32_t, std::int32_t>> path;  // ends and starts
  path.clear();
  double closest = std::numeric_limits<double>::infinity();
  for (auto end = static_cast<std::int32_t>(word.size()); end > 0; end = nodes[end].start) {
    path.emplace_back(end, nodes[end].start);
    closest = std::min(closest, static_cast<double>(nodes[end].score) - nodes[end].second);
  }
  bool unknown = false;
  for (std::size_t i = path.size(); i > 0;) {
    const auto [end, start] = path[--i];
    if (nodes[end].id != kUnknown) {
      out.push_back(nodes[end].id);
      continue;
    }
    std::int32_t last = end;  // a run of unknown characters is one
    while (i > 0 && nodes[path[i - 1].first].id == kUnknown) last = path[--i].first;
    append_unknown(word.substr(start, last - start), out);
    unknown = true;
  }
  const Score sum = nodes[word.size()].score;
  constexpr std::size_t kKeep = 1 << 16;  // one long word must not hold its memory for ever
  if (nodes.size() > kKeep) std::vector<Node<Score>>().swap(nodes);
  if (path.capacity() > kKeep) std::vector<std::pair<std::int32_t, std::int32_t>>().swap(path);
  return {sum, closest, unknown};
}

// Word by word where that is exact (SafeCuts). A cached word was segmented with nothing before it;
// its margin tells whether the sum before it could have tipped a decision by rounding.
template <typename Score>
void UnigramPieces::encode_text(std::string_view text, std::vector<TokenId>& out) const {
  Score carried = 0;
  while (!text.empty()) {
    const std::size_t length = rules_.cuts.next(text);
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(length);
    CachedWord* slot = nullptr;
    if (word.size() <= CachedWord::kMaxBytes) slot = &cache_slot(hash_bytes(word));
    if (slot && !slot->holds(instance_, word)) {
      const std::size_t before = out.size();
      const auto found = segment<Score>(word, 0, out);
      // The scores of unknown characters cannot be summed again from their tokens: not cached.
      if (!found.unknown) {
        slot->store(instance_, word, out.data() + before, out.size() - before,
                    static_cast<float>(found.margin));
      }
      out.resize(before);
    }
    if (!slot || !slot->holds(instance_, word)) {
      carried = segment<Score>(word, carried, out).sum;
      continue;
    }
    double own = 0;
    Score sum = carried;
    for (int i = 0; i < slot->count; ++i) {
      const double score = rules_.scores[slot->ids[i]];
      own += score;
      sum = static_cast<Score>(score + static_cast<double>(sum));
    }
    if (carried != 0 && !(slot->margin > rounding(carried, own, word.size()))) {
      carried = segment<Score>(word, carried, out).sum;
      continue;
    }
    out.insert(out.end(), slot->ids, slot->ids + slot->count);
    carried = sum;
  }
}

}  // namespace parley::text
