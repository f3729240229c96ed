#include "eval/settings.hpp"

#include <utility>

namespace parley::eval {
namespace {

bool smaller_is_better(const std::string& metric) {
  return metric == "bits_per_byte" || metric == "response_time_p95_ms";
}

}  // namespace

void describe(Fields& at, Objective& o) {
  at.text("metric", "what is measured",
          {.required = true,
           .choices = {"scenario_pass_rate", "bits_per_byte", "response_time_p95_ms",
                       "satisfaction", "engagement", "conversion"}},
          [&o](std::string value) {
            o.compare = smaller_is_better(value) ? "<=" : ">=";
            o.metric = std::move(value);
          });
  at.text("compare", "'>=' (at least) or '<=' (at most); set by the metric when left out",
          {.choices = {">=", "<="}}, into(o.compare));
  at.number("target", "the value to reach; rates are 0 to 1", {.min = 0, .required = true},
            into(o.target));
  at.text("window", "the time it is measured over: hours (24h), days (7d), or each release",
          {.pattern = "[1-9][0-9]{0,3}[hd]|release",
           .expected = "a duration like 24h or 7d, or 'release'"},
          into(o.window));
}

}  // namespace parley::eval
