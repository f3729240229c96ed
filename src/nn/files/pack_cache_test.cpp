// The cache of packed models: what hits, what never does, and what it survives.
#include "nn/files/pack_cache.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/file.hpp"
#include "base/test_support.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::nn {
namespace pack_cache_test {

namespace fs = std::filesystem;

class PackCacheTest : public ::testing::Test {
 protected:
  PackCacheTest() {
    write(1);
    options.cache.folder = dir.path() / "cache";
    options.cache.least_bytes = 0;
  }
  // A model of `seed`, its files older than the two seconds in which nothing is remembered.
  void write(unsigned seed) {
    test::write_tiny_checkpoint(model, test::Family::kMistral, seed);
    age(model);
  }
  static void age(const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator(folder))
      fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  std::string load() { return PackedWriter(*Model::load(model, options), 1).address(); }
  std::vector<fs::path> packed() const {
    std::vector<fs::path> out;
    if (!fs::exists(options.cache.folder)) return out;
    for (const auto& entry : fs::directory_iterator(options.cache.folder)) {
      if (entry.path().extension() == ".parley") out.push_back(entry.path());
    }
    return out;
  }
  static bool is_view(const Model& m) { return m.embedding_table()->name == "embedding"; }

  test::TempDir dir;
  fs::path model = dir.path() / "model";
  ModelOptions options;
};

TEST_F(PackCacheTest, TheSecondLoadMapsWhatTheFirstPacked) {
  const auto first = Model::load(model, options);
  EXPECT_FALSE(is_view(*first));
  const std::string address = PackedWriter(*first, 1).address();
  EXPECT_EQ(address, load()) << "while the first may still be writing";
  ASSERT_EQ(packed().size(), 1u);
  const auto second = Model::load(model, options);
  EXPECT_TRUE(is_view(*second));
  EXPECT_EQ(second->source_hash(), first->source_hash());
  EXPECT_EQ(PackedWriter(*second, 1).address(), address);
  options.precision = Precision::kInt4;
  EXPECT_NE(load(), address);
  EXPECT_EQ(packed().size(), 2u);
  options.cache.on = false;
  EXPECT_FALSE(is_view(*Model::load(model, options)));
}

TEST_F(PackCacheTest, AMovedModelHitsAndAChangedOneNeverDoes) {
  const std::string address = load();
  fs::rename(model, dir.path() / "moved");
  model = dir.path() / "moved";
  EXPECT_TRUE(is_view(*Model::load(model, options)));
  write(2);  // same names, same sizes
  EXPECT_FALSE(is_view(*Model::load(model, options)));
  EXPECT_NE(load(), address);
  // The old time put back on new bytes.
  const fs::path shard = model / "model-00001-of-00003.safetensors";
  ASSERT_TRUE(fs::exists(shard));
  const auto time = fs::last_write_time(shard);
  const std::string before = load();
  std::string bytes = read_file(shard);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(shard, std::ios::binary) << bytes;
  fs::last_write_time(shard, time);
  EXPECT_NE(load(), before);
}

TEST_F(PackCacheTest, DamageIsNoticedAndRepaired) {
  const std::string address = load();
  const fs::path file = packed().at(0);
  const std::string whole = read_file(file);
  for (int kind = 0; kind < 3; ++kind) {
    std::string damaged = whole;
    if (kind == 0) damaged.resize(whole.size() / 2);
    if (kind == 1) damaged[100] = static_cast<char>(damaged[100] ^ 1);
    if (kind == 2) damaged[whole.size() - 300] = static_cast<char>(damaged[whole.size() - 300] ^ 1);
    std::ofstream(file, std::ios::binary) << damaged;
    EXPECT_EQ(load(), address) << kind;
    EXPECT_EQ(read_file(file), whole) << kind;
  }
  fs::remove_all(options.cache.folder / "index");
  EXPECT_TRUE(is_view(*Model::load(model, options)));
}

TEST_F(PackCacheTest, ManyAtOnceAgree) {
  std::vector<std::thread> threads;
  std::vector<std::string> addresses(6);
  for (auto& address : addresses) threads.emplace_back([&] { address = load(); });
  for (auto& thread : threads) thread.join();
  for (const auto& address : addresses) EXPECT_EQ(address, addresses[0]);
  EXPECT_EQ(packed().size(), 1u);
  EXPECT_TRUE(is_view(*Model::load(model, options)));
}

TEST_F(PackCacheTest, StaysWithinItsLimit) {
  load();
  const auto one = fs::file_size(packed().at(0));
  options.cache.most_bytes = one * 5 / 2;
  for (unsigned seed = 2; seed < 6; ++seed) {
    write(seed);
    load();
    age(options.cache.folder);
  }
  EXPECT_EQ(packed().size(), 2u);
  options.cache.most_bytes = one / 2;
  write(9);
  load();
  EXPECT_EQ(packed().size(), 2u) << "what does not fit is not written, and removes nothing";
}

TEST_F(PackCacheTest, SmallModelsAndFloat32AreNotKept) {
  options.precision = Precision::kFloat32;
  load();
  options.precision = Precision::kInt8;
  options.cache.least_bytes = 1u << 30;
  load();
  EXPECT_TRUE(packed().empty());
}

TEST_F(PackCacheTest, AFolderThatCannotBeWrittenOnlyCostsTime) {
  write_file_atomically(options.cache.folder, "a file is in the way");
  EXPECT_FALSE(load().empty());
}

}  // namespace pack_cache_test
}  // namespace parley::nn
