#include "engine_driver.hpp"

#include <algorithm>
#include <future>
#include <random>

namespace parley::bench {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::vector<text::TokenId> tokens(int n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<text::TokenId> out(static_cast<std::size_t>(n));
  for (auto& id : out) id = static_cast<text::TokenId>(random() % 40000);
  return out;
}

engine::Request request(std::vector<text::TokenId> prompt, int reply, unsigned seed) {
  engine::Request r;
  r.prompt = std::move(prompt);
  r.max_tokens = reply;
  r.sampling.seed = seed;
  r.sampling.temperature = 0.8f;
  r.sampling.top_p = 0.95f;
  return r;
}

std::vector<Times> run(engine::Engine& engine, std::vector<engine::Request> requests) {
  std::vector<Times> times(requests.size());
  std::vector<std::promise<void>> done(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    times[i].sent = Clock::now();
    engine.submit(std::move(requests[i]), [&times, &done, i](const engine::Update& update) {
      for (std::size_t n = 0; n < update.tokens.size(); ++n) times[i].at.push_back(Clock::now());
      if (update.finished) done[i].set_value();
    });
  }
  for (auto& each : done) each.get_future().wait();
  return times;
}

double decode_rate(engine::Engine& engine, int chats, int reply, unsigned seed, int prompt) {
  std::vector<engine::Request> requests;
  for (int i = 0; i < chats; ++i)
    requests.push_back(request(tokens(prompt, seed + static_cast<unsigned>(i)), reply, seed));
  const auto times = run(engine, std::move(requests));
  auto from = times[0].at.front(), to = times[0].at.back();
  for (const Times& t : times) {
    from = std::max(from, t.at.front());
    to = std::min(to, t.at.back());
  }
  double count = 0;
  for (const Times& t : times)
    count += static_cast<double>(
        std::count_if(t.at.begin(), t.at.end(), [&](auto at) { return at > from && at <= to; }));
  return count / std::chrono::duration<double>(to - from).count();
}

double first_token(engine::Engine& engine, std::vector<text::TokenId> prompt, unsigned seed) {
  std::vector<engine::Request> one;
  one.push_back(request(std::move(prompt), 1, seed));
  const auto times = run(engine, std::move(one));
  return std::chrono::duration<double>(times[0].at.front() - times[0].sent).count();
}

}  // namespace parley::bench
