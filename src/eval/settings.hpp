// The `objectives` section of parley.yaml.
#pragma once

#include <string>

#include "base/fields.hpp"

namespace parley::eval {

struct Objective {
  std::string metric;   // scenario_pass_rate, bits_per_byte, response_time_p95_ms, satisfaction,
                        // engagement, conversion
  std::string compare;  // ">=" or "<="
  double target = 0;
  std::string window = "release";  // "7d", "24h", "release"
};

void describe(Fields& at, Objective& objective);

}  // namespace parley::eval
