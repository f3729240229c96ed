// The engine bench's figures as a table or as JSON.
#pragma once

#include <string>

#include "engine_driver.hpp"

namespace parley::bench {

struct Report {
  std::string shape, kernels;
  const char* dot = "";  // the instruction of the int8 peak
  int threads = 0, passes = 0;
};

void print_json(const Report& report, const Figures& figures);
void print_table(const Report& report, const Figures& figures);

}  // namespace parley::bench
