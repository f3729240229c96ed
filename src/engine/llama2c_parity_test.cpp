// Weights that nobody here made: the engine in float32 writes what llama2.c wrote.
#include <gtest/gtest.h>

#include <future>

#include "base/file.hpp"
#include "base/test_support.hpp"
#include "engine/engine.hpp"
#include "package/llama2c_import.hpp"
#include "package/model_package.hpp"

namespace parley::engine {
namespace llama2c_parity_test {

TEST(Llama2c, ReproducesTheReferenceOutputByteForByte) {
  const auto data = test::shared_data("stories260K");
  if (!data) GTEST_SKIP() << "no shared data";
  test::TempDir dir;
  package::import_llama2c(*data / "stories260K.bin", *data / "tok512.bin", dir.path() / "m");
  Options options;
  options.precision = nn::Precision::kFloat32;
  const auto engine = Engine::load(package::ModelPackage(dir.path() / "m"), options);
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

}  // namespace llama2c_parity_test
}  // namespace parley::engine
