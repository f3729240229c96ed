// Packs documents into rows of fixed length. An epoch's rows follow from (seed, epoch) alone: the
// documents are shuffled and each goes into the first open row of a small window that has room, so
// rows are nearly full and hold whole conversations. A document longer than a row becomes several
// pieces.
#pragma once

#include <cstdint>
#include <vector>

namespace parley::train {

class TokenFile;

struct Piece {
  std::int64_t document;
  std::int32_t from, count;  // tokens of the document
};
using PackedRow = std::vector<Piece>;

std::vector<PackedRow> pack_epoch(const TokenFile& tokens, int sequence, std::uint64_t seed,
                                  std::int64_t epoch);

// Plain arrays for the model: see TorchBatch. Row-major [rows · sequence]; unused places hold id 0
// and attend to themselves alone.
struct Batch {
  int rows = 0, sequence = 0;
  std::vector<std::int32_t> ids, first_key, targets;
  std::vector<std::int64_t> target_rows;
  std::int64_t used_tokens = 0;
};

Batch make_batch(const TokenFile& tokens, const PackedRow* rows, int count, int sequence);

// Hands out batches in order; its place is (epoch, row), which a checkpoint keeps.
class BatchStream {
 public:
  BatchStream(const TokenFile& tokens, int sequence, int batch, std::uint64_t seed);
  void seek(std::int64_t epoch, std::int64_t row);
  Batch next();  // never ends: the next epoch follows; a batch may span two
  std::int64_t epoch() const { return epoch_; }
  std::int64_t row() const { return row_; }

 private:
  const TokenFile& tokens_;
  int sequence_, batch_;
  std::uint64_t seed_;
  std::int64_t epoch_ = 0, row_ = 0;
  std::vector<PackedRow> rows_;
};

}  // namespace parley::train
