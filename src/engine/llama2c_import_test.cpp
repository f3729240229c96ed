#include "engine/llama2c_import.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "engine/engine.hpp"

namespace parley::engine {
namespace {

TEST(Llama2c, ReproducesTheReferenceOutputByteForByte) {
  const auto data = test::shared_data("stories260K");
  if (!data) GTEST_SKIP() << "no shared data";
  test::TempDir dir;
  import_llama2c(*data / "stories260K.bin", *data / "tok512.bin", dir.path() / "m");
  Options options;
  options.precision = nn::Precision::kFloat32;
  const auto engine = Engine::load(dir.path() / "m", options);
  Request request;
  request.prompt = {1};
  request.sampling.temperature = 0;
  request.max_tokens = 200;
  std::promise<void> done;
  std::string text;
  engine->submit(request, [&](const Update& update) {
    text += update.text;
    if (update.finished) done.set_value();
  });
  done.get_future().wait();
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.substr(1),
            read_file(*data / "expected_greedy_200.txt"));  // less the first word's space
}

TEST(Llama2c, DamagedFilesAreErrorsAndLeaveNothing) {
  test::TempDir dir;
  const auto weights = dir.path() / "w.bin", tokenizer = dir.path() / "t.bin";
  write_file_atomically(tokenizer, "xx");
  const auto expect_error = [&](const std::string& bytes) {
    write_file_atomically(weights, bytes);
    EXPECT_THROW(import_llama2c(weights, tokenizer, dir.path() / "m"), Error);
    EXPECT_FALSE(std::filesystem::exists(dir.path() / "m" / "config.json"));
  };
  expect_error("");
  expect_error(std::string(28, '\xFF'));
  std::string header;
  for (const std::int32_t v : {64, 172, 5, 8, 4, 512, 512})
    header.append(reinterpret_cast<const char*>(&v), 4);
  expect_error(header + std::string(1000, '\0'));
}

}  // namespace
}  // namespace parley::engine
