// A hostile template may be refused, never crash, hang or take more than its limits.
#include "base/error.hpp"
#include "prompt/jinja/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  text::jinja::Limits limits;
  limits.max_steps = 200'000;
  limits.max_memory_bytes = std::size_t{16} << 20;
  limits.max_output_bytes = std::size_t{4} << 20;
  static const Json variables = {
      {"messages",
       {{{"role", "user"}, {"content", "Grüße, 日本 \n<b>"}},
        {{"role", "assistant"}, {"content", nullptr}, {"n", -3}, {"list", {1, 2.5, true, "x"}}}}},
      {"tools", nullptr},
      {"x", "a,b,,c"},
      {"i", 7},
      {"f", 0.1},
      {"add_generation_prompt", true}};
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  try {
    const text::jinja::Template parsed(source, "fuzz", limits);
    (void)parsed.render(variables);
  } catch (const Error&) {
  }
  return 0;
}
