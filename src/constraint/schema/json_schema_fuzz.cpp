// Any schema either compiles or is refused with one error; what compiles gives masks that agree
// with trying tokens, and replies that parse.
#include <cstdlib>

#include "base/error.hpp"
#include "base/json.hpp"
#include "constraint/constraint_test_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  engine::GrammarPtr grammar;
  try {
    const Json schema = parse_json(text, "schema");
    const auto space = static_cast<engine::JsonSpace>(size % 3);
    grammar = engine::compile_json_schema(schema, {.space = space});
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  std::mt19937 random(static_cast<unsigned>(size));
  const auto reply = test::random_reply(grammar, random, 10, 50);
  if (reply && !Json::accept(*reply)) std::abort();
  if (reply && !test::accepts(grammar, *reply, 1)) std::abort();
  return 0;
}
