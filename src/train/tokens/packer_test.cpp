// Rows hold every prediction of every document once, no document sees another, and the order
// follows from the seed.
#include "train/tokens/packer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/test_support.hpp"
#include "train/tokens/token_file.hpp"

namespace parley::train {
namespace packer_test {

// Documents whose tokens tell where they come from: document d's token i is d · 1000 + i.
struct Documents {
  explicit Documents(const std::vector<int>& lengths, int target_every = 1) {
    TokenFileWriter writer;
    for (std::size_t d = 0; d < lengths.size(); ++d) {
      text::EncodedChat document;
      for (int i = 0; i < lengths[d]; ++i) {
        document.ids.push_back(static_cast<text::TokenId>(d * 1000) + i);
        document.is_target.push_back(i % target_every == 0);
      }
      writer.add(document);
    }
    writer.save(folder.path() / "tokens");
    file = std::make_unique<TokenFile>(folder.path() / "tokens", 1'000'000'000);
  }
  test::TempDir folder;
  std::unique_ptr<TokenFile> file;
};

// What an epoch's batches predict: how often each (token, next token).
std::map<std::pair<int, int>, int> predictions(const Documents& of, int sequence,
                                               std::uint64_t seed) {
  const auto rows = pack_epoch(*of.file, sequence, seed, 0);
  const Batch batch = make_batch(*of.file, rows.data(), static_cast<int>(rows.size()), sequence);
  std::map<std::pair<int, int>, int> out;
  for (std::size_t i = 0; i < batch.targets.size(); ++i) {
    const auto row = static_cast<std::size_t>(batch.target_rows[i]);
    ++out[{batch.ids[row], batch.targets[i]}];
  }
  return out;
}

std::vector<int> lengths_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<int> out(bytes.begin(), bytes.end());
  out.push_back(1);
  return out;
}

RC_GTEST_PROP(Packer, EveryPredictionIsMadeOnceAndNoOther, (std::vector<std::uint8_t> bytes)) {
  const int sequence = *rc::gen::inRange(2, 90);
  const int every = *rc::gen::inRange(1, 4);
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  const auto lengths = lengths_of(bytes);
  std::map<std::pair<int, int>, int> wanted;
  for (std::size_t d = 0; d < lengths.size(); ++d) {
    for (int i = 1; i < lengths[d]; ++i) {
      const int token = static_cast<int>(d) * 1000 + i;
      if (i % every == 0) wanted[{token - 1, token}] = 1;
    }
  }
  RC_ASSERT(predictions(Documents(lengths, every), sequence, seed) == wanted);
}

RC_GTEST_PROP(Packer, ATokenSeesItsOwnDocumentFromItsStartInTheRow,
              (std::vector<std::uint8_t> bytes)) {
  const int sequence = *rc::gen::inRange(2, 90);
  const Documents documents(lengths_of(bytes));
  const auto rows = pack_epoch(*documents.file, sequence, 3, 0);
  const Batch batch =
      make_batch(*documents.file, rows.data(), static_cast<int>(rows.size()), sequence);
  RC_ASSERT(batch.ids.size() == rows.size() * static_cast<std::size_t>(sequence));
  RC_ASSERT(batch.first_key.size() == batch.ids.size());
  std::int64_t used = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto begin = r * static_cast<std::size_t>(sequence);
    std::size_t at = 0;
    for (const Piece& piece : rows[r]) {
      const auto start = at;
      for (std::int32_t i = 0; i < piece.count; ++i, ++at) {
        RC_ASSERT(at < static_cast<std::size_t>(sequence));
        RC_ASSERT(batch.ids[begin + at] == piece.document * 1000 + piece.from + i);
        RC_ASSERT(batch.first_key[begin + at] == static_cast<std::int32_t>(start));
      }
      used += piece.count;
    }
    for (; at < static_cast<std::size_t>(sequence); ++at) {
      RC_ASSERT(batch.ids[begin + at] == 0);
      RC_ASSERT(batch.first_key[begin + at] == static_cast<std::int32_t>(at));
    }
  }
  RC_ASSERT(batch.used_tokens == used);
}

TEST(Packer, ADocumentThatFitsStaysWhole) {
  const Documents documents({30, 64, 5, 12, 64, 1});
  std::set<std::int64_t> seen;
  for (const PackedRow& row : pack_epoch(*documents.file, 64, 1, 0)) {
    for (const Piece& piece : row) {
      EXPECT_TRUE(seen.insert(piece.document).second);
      EXPECT_EQ(piece.from, 0);
      EXPECT_EQ(piece.count, documents.file->length(piece.document));
    }
  }
  EXPECT_EQ(seen.size(), 6u);
}

TEST(Packer, RowsAreNearlyFull) {
  std::vector<int> lengths;
  for (int i = 0; i < 2000; ++i) lengths.push_back(20 + i * 37 % 160);
  const Documents documents(lengths);
  const auto rows = pack_epoch(*documents.file, 256, 1, 0);
  EXPECT_GT(static_cast<double>(documents.file->tokens()),
            0.95 * 256 * static_cast<double>(rows.size()));
}

std::vector<std::int64_t> order_of(const Documents& documents, std::uint64_t seed,
                                   std::int64_t epoch) {
  std::vector<std::int64_t> out;
  for (const PackedRow& row : pack_epoch(*documents.file, 64, seed, epoch)) {
    for (const Piece& piece : row) out.push_back(piece.document);
  }
  return out;
}

TEST(Packer, TheOrderFollowsFromSeedAndEpoch) {
  const Documents documents(std::vector<int>(100, 20));
  EXPECT_EQ(order_of(documents, 1, 0), order_of(documents, 1, 0));
  EXPECT_NE(order_of(documents, 1, 0), order_of(documents, 1, 1));
  EXPECT_NE(order_of(documents, 1, 0), order_of(documents, 2, 0));
}

TEST(BatchStream, GoesOnFromItsPlaceAsIfItHadNotStopped) {
  const Documents documents(std::vector<int>(50, 20));
  BatchStream whole(*documents.file, 64, 4, 7);
  for (int i = 0; i < 10; ++i) whole.next();
  EXPECT_GT(whole.epoch(), 0) << "the next epoch follows by itself";
  BatchStream resumed(*documents.file, 64, 4, 7);
  resumed.seek(whole.epoch(), whole.row());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(resumed.next().ids, whole.next().ids);
  EXPECT_EQ(resumed.row(), whole.row());
}

}  // namespace packer_test
}  // namespace parley::train
