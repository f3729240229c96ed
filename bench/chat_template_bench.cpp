// Chat template speed: parsing a template, and rendering a conversation of many turns with it.
//     chat_template_bench TEMPLATE TURNS
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "prompt/chat_template.hpp"

int main(int argc, char** argv) {
  using namespace parley;
  if (argc != 3) {
    std::fprintf(stderr, "usage: chat_template_bench TEMPLATE TURNS\n");
    return 2;
  }
  const std::string source = read_file(argv[1]);
  const int turns = std::atoi(argv[2]);
  const Clock& clock = Clock::system();
  double start = clock.monotonic_s();
  for (int i = 0; i < 20; ++i) text::ChatTemplate(source, "bench");
  const double parse = (clock.monotonic_s() - start) / 20;
  const text::ChatTemplate chat(source, "bench");
  text::ChatInput input;
  for (int turn = 0; turn < turns; ++turn) {
    std::string question, answer;
    for (int i = 0; i < 4; ++i) {
      question += "Question " + std::to_string(turn) + ": what about “this”, and that? ";
    }
    for (int i = 0; i < 8; ++i) {
      answer += "Answer " + std::to_string(turn) + ": it is so, because of the other. ";
    }
    input.messages.push_back({{"role", "user"}, {"content", question}});
    input.messages.push_back({{"role", "assistant"}, {"content", answer}});
  }
  std::vector<double> times;
  std::size_t bytes = 0;
  for (int i = 0; i < 50; ++i) {
    start = clock.monotonic_s();
    bytes = chat.render(input).text.size();
    times.push_back(clock.monotonic_s() - start);
  }
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"who\": \"parley\", \"template\": \"%s\", \"turns\": %d, \"bytes\": %zu, \"parse_us\": "
      "%.0f, \"render_us\": %.0f}\n",
      std::filesystem::path(argv[1]).stem().c_str(), turns, bytes, parse * 1e6, times[25] * 1e6);
}
