#include "train/tokens/packer.hpp"

#include <algorithm>
#include <numeric>

#include "train/tokens/token_file.hpp"

namespace parley::train {
namespace {

// SplitMix64: small, seedable, the same everywhere (the standard library's shuffle is not).
struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
};

constexpr std::size_t kOpenRows = 64;

}  // namespace

std::vector<PackedRow> pack_epoch(const TokenFile& tokens, int sequence, std::uint64_t seed,
                                  std::int64_t epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(tokens.documents()));
  std::iota(order.begin(), order.end(), 0);
  Random random{seed * 0x9E3779B97F4A7C15ull + static_cast<std::uint64_t>(epoch)};
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.next() % i]);

  struct Open {
    PackedRow row;
    int left;
  };
  std::vector<Open> open;
  std::vector<PackedRow> done;
  const auto place = [&](Piece piece) {
    for (Open& each : open) {
      if (each.left >= piece.count) {
        each.row.push_back(piece);
        each.left -= piece.count;
        return;
      }
    }
    if (open.size() == kOpenRows) {  // the fullest row makes way
      const auto fullest = std::min_element(open.begin(), open.end(),
                                            [](auto& a, auto& b) { return a.left < b.left; });
      done.push_back(std::move(fullest->row));
      open.erase(fullest);
    }
    open.push_back({{piece}, sequence - piece.count});
  };
  // A row of n tokens trains n predictions only if the token after each is there too: pieces
  // overlap by one.
  for (const std::int64_t document : order) {
    const std::int64_t length = tokens.length(document);
    for (std::int64_t from = 0; from == 0 || from + 1 < length; from += sequence - 1) {
      place({document, static_cast<std::int32_t>(from),
             static_cast<std::int32_t>(std::min<std::int64_t>(sequence, length - from))});
    }
  }
  for (Open& each : open) done.push_back(std::move(each.row));
  // Rows close in order of fullness, which follows length: shuffle them too.
  for (std::size_t i = done.size(); i > 1; --i) std::swap(done[i - 1], done[random.next() % i]);
  return done;
}

Batch make_batch(const TokenFile& tokens, const PackedRow* rows, int count, int sequence) {
  Batch batch;
  batch.rows = count;
  batch.sequence = sequence;
  const auto size = static_cast<std::size_t>(count) * sequence;
  batch.ids.assign(size, 0);
  batch.first_key.resize(size);
  for (int r = 0; r < count; ++r) {
    int at = 0;
    for (const Piece& piece : rows[r]) {
      const std::uint32_t* source = tokens.document(piece.document) + piece.from;
      const int start = at;
      for (std::int32_t i = 0; i < piece.count; ++i, ++at) {
        const std::size_t index = static_cast<std::size_t>(r) * sequence + at;
        batch.ids[index] = static_cast<std::int32_t>(source[i] & ~kTargetBit);
        batch.first_key[index] = start;
        if (i + 1 < piece.count && (source[i + 1] & kTargetBit)) {
          batch.target_rows.push_back(static_cast<std::int64_t>(index));
          batch.targets.push_back(static_cast<std::int32_t>(source[i + 1] & ~kTargetBit));
        }
      }
      batch.used_tokens += piece.count;
    }
    for (; at < sequence; ++at) batch.first_key[static_cast<std::size_t>(r) * sequence + at] = at;
  }
  return batch;
}

BatchStream::BatchStream(const TokenFile& tokens, int sequence, int batch, std::uint64_t seed)
    : tokens_(tokens), sequence_(sequence), batch_(batch), seed_(seed) {
  seek(0, 0);
}

void BatchStream::seek(std::int64_t epoch, std::int64_t row) {
  epoch_ = epoch;
  row_ = row;
  rows_ = pack_epoch(tokens_, sequence_, seed_, epoch_);
}

Batch BatchStream::next() {
  std::vector<PackedRow> taken;
  while (static_cast<int>(taken.size()) < batch_) {
    if (row_ >= static_cast<std::int64_t>(rows_.size())) seek(epoch_ + 1, 0);
    taken.push_back(rows_[static_cast<std::size_t>(row_++)]);
  }
  return make_batch(tokens_, taken.data(), batch_, sequence_);
}

}  // namespace parley::train
