// Any pattern either compiles or is refused with one error; what compiles gives replies that match.
#include <cstdlib>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  engine::GrammarPtr grammar;
  try {
    grammar = engine::compile_regex({reinterpret_cast<const char*>(data), size});
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  std::mt19937 random(static_cast<unsigned>(size));
  const auto reply = test::random_reply(grammar, random, 10, 50);
  if (reply && !test::accepts(grammar, *reply, 1)) std::abort();
  return 0;
}
