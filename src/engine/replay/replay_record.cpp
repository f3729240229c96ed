#include "engine/replay/replay_record.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/json.hpp"

namespace parley::engine {
namespace {

using text::TokenId;

constexpr const char* kFormat = "parley replay record 1";
constexpr std::size_t kMaxTokens = 1u << 24;
constexpr std::size_t kStepDigits = 8;

class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  [[noreturn]] void bad(const std::string& field, const std::string& why) const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + field + " " + why,
         "expected what `parley generate --record` writes");
  }
  const Json& at(const char* field) const {
    if (!json_.is_object()) bad("the record", "is not an object");
    const auto found = json_.find(field);
    if (found == json_.end()) bad(field, "is missing");
    return *found;
  }
  std::string text(const char* field) const {
    if (!at(field).is_string()) bad(field, "is not a string");
    return at(field).get<std::string>();
  }
  std::int64_t integer(const Json& value, const char* field, std::int64_t low,
                       std::int64_t high) const {
    if (!value.is_number_integer()) bad(field, "is not an integer");
    const bool large =
        value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high);
    const auto n = large ? 0 : value.get<std::int64_t>();
    if (large || n < low || n > high) bad(field, "is out of range");
    return n;
  }
  int integer(const char* field, int low, int high) const {
    return static_cast<int>(integer(at(field), field, low, high));
  }
  std::uint64_t seed() const {
    if (!at("seed").is_number_unsigned()) bad("seed", "is not a number from 0 to 2^64 - 1");
    return at("seed").get<std::uint64_t>();
  }
  float number(const Json& value, const char* field) const {
    if (!value.is_number()) bad(field, "is not a number");
    const double x = value.get<double>();
    if (!(std::fabs(x) < 3e38)) bad(field, "does not fit a float");
    return static_cast<float>(x);
  }
  float number(const char* field) const { return number(at(field), field); }
  const Json& list(const char* field) const {
    const Json& value = at(field);
    if (!value.is_array()) bad(field, "is not a list");
    if (value.size() > kMaxTokens) bad(field, "is too long");
    return value;
  }
  std::vector<TokenId> tokens(const char* field) const {
    std::vector<TokenId> out;
    for (const Json& value : list(field))
      out.push_back(static_cast<TokenId>(integer(value, field, 0, kMaxTokens)));
    return out;
  }

 private:
  const Json& json_;
  std::string where_;
};

}  // namespace

std::string write_replay_record(const ReplayRecord& r) {
  const Sampling& s = r.sampling;
  Json bias = Json::array();
  for (const auto& [id, value] : s.logit_bias) bias.push_back({id, value});
  const Json sampling = {{"temperature", s.temperature},
                         {"top_k", s.top_k},
                         {"top_p", s.top_p},
                         {"min_p", s.min_p},
                         {"repetition_penalty", s.repetition_penalty},
                         {"frequency_penalty", s.frequency_penalty},
                         {"presence_penalty", s.presence_penalty},
                         {"logit_bias", bias},
                         {"seed", s.seed}};
  const Json root = {{"format", kFormat},    {"model", r.model},     {"precision", r.precision},
                     {"context", r.context}, {"sampling", sampling}, {"stop_tokens", r.stop_tokens},
                     {"prompt", r.prompt},   {"tokens", r.tokens},   {"steps", r.steps},
                     {"hash", r.hash}};
  return to_text(root) + "\n";
}

ReplayRecord parse_replay_record(std::string_view text, const std::string& where) {
  const Json root = parse_json(text, where);
  const Reader in(root, where);
  if (in.text("format") != kFormat) in.bad("format", std::string("is not '") + kFormat + "'");
  ReplayRecord r;
  r.model = in.text("model");
  r.precision = in.text("precision");
  r.context = in.integer("context", 1, kMaxTokens);
  const Reader sampling(in.at("sampling"), where + ": sampling");
  Sampling& s = r.sampling;
  s.temperature = sampling.number("temperature");
  s.top_k = sampling.integer("top_k", 0, kMaxTokens);
  s.top_p = sampling.number("top_p");
  s.min_p = sampling.number("min_p");
  s.repetition_penalty = sampling.number("repetition_penalty");
  s.frequency_penalty = sampling.number("frequency_penalty");
  s.presence_penalty = sampling.number("presence_penalty");
  for (const Json& pair : sampling.list("logit_bias")) {
    if (!pair.is_array() || pair.size() != 2) sampling.bad("logit_bias", "is not a list of pairs");
    s.logit_bias.emplace_back(
        static_cast<TokenId>(sampling.integer(pair[0], "logit_bias", 0, kMaxTokens)),
        sampling.number(pair[1], "logit_bias"));
  }
  s.seed = sampling.seed();
  r.stop_tokens = in.tokens("stop_tokens");
  r.prompt = in.tokens("prompt");
  r.tokens = in.tokens("tokens");
  for (const Json& step : in.list("steps")) {
    if (!step.is_string() || step.get_ref<const std::string&>().size() != kStepDigits)
      in.bad("steps", "holds something that is not eight hex digits");
    r.steps.push_back(step.get<std::string>());
  }
  if (r.steps.size() != r.tokens.size()) in.bad("steps", "does not have one entry a token");
  if (r.prompt.empty()) in.bad("prompt", "is empty");
  r.hash = in.text("hash");
  return r;
}

}  // namespace parley::engine
