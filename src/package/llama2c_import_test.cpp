#include "package/llama2c_import.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"

namespace parley::package {
namespace llama2c_import_test {

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

}  // namespace llama2c_import_test
}  // namespace parley::package
