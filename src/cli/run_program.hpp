// What the mains of both programs share: parse, act, and turn what is thrown into two lines and an
// exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace parley::cli {

// What a parsed command line asks for; empty: nothing.
using Action = std::function<void()>;

// Parses the command line with `app`, whose options set `action`, and runs that. Gives the exit
// code.
int run_program(CLI::App& app, const Action& action, int argc, char** argv);

}  // namespace parley::cli
