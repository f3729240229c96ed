// Driving an engine for the bench: requests with made-up prompts, and the times of their tokens.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/engine.hpp"

namespace parley::bench {

using Clock = std::chrono::steady_clock;

double median(std::vector<double> values);  // 0 of none

std::vector<text::TokenId> tokens(int n, unsigned seed);
engine::Request request(std::vector<text::TokenId> prompt, int reply, unsigned seed);

struct Times {
  Clock::time_point sent;
  std::vector<Clock::time_point> at;  // of each token
};

// Runs requests together and gives the times of their tokens.
std::vector<Times> run(engine::Engine& engine, std::vector<engine::Request> requests);

// Tokens per second of all chats together, while all of them decode.
double decode_rate(engine::Engine& engine, int chats, int reply, unsigned seed, int prompt = 16);

// Seconds from asking to the first token.
double first_token(engine::Engine& engine, std::vector<text::TokenId> prompt, unsigned seed);

// The figures of one run, a list of values each; medians at the end.
class Figures {
 public:
  void add(const std::string& name, double value) { values_[name].push_back(value); }
  double operator[](const std::string& name) const {
    const auto it = values_.find(name);
    return it == values_.end() ? 0 : median(it->second);
  }
  bool has(const std::string& name) const { return values_.count(name) != 0; }
  Json json() const {
    Json out = Json::object();
    for (const auto& [name, values] : values_) out[name] = median(values);
    return out;
  }

 private:
  std::map<std::string, std::vector<double>> values_;
};

}  // namespace parley::bench
