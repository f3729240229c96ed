// Renders templates for tests/jinja.sh, which compares the results with those of Python's Jinja2.
// Reads one JSON object a line: {"template": …, "variables": {…}}; writes one a line: {"text": …,
// "generated": [[begin, end], …]} or {"error": …}.
#include <iostream>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "prompt/jinja/template.hpp"

int main() {
  using namespace parley;
  constexpr std::int64_t kNow = 1'726'617'600'000;  // 2024-09-18T00:00:00Z
  const ManualClock clock(kNow);
  std::string line;
  while (std::getline(std::cin, line)) {
    Json answer;
    try {
      const Json request = parse_json(line, "stdin", 200);
      const text::jinja::Template source(request.at("template").get<std::string>(), "template");
      const text::jinja::Rendered out = source.render(request.at("variables"), clock);
      answer["text"] = out.text;
      answer["generated"] = Json::array();
      for (const auto& range : out.generated) {
        answer["generated"].push_back({range.begin, range.end});
      }
    } catch (const Error& error) {
      answer["error"] = error.message();
    }
    std::cout << to_text(answer) << std::endl;
  }
  return 0;
}
