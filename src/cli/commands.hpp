// One function per command, each in its own file cmd_NAME.cpp: it declares the command's options on
// `app`; parsing them only sets `action`, what the command line asks for. So a command line can be
// checked without running it (commands_test.cpp). Actions throw parley::Error; run_program() turns
// that into the exit code and the message.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/run_program.hpp"

namespace parley::cli {

void add_new(CLI::App& app, Action& action);       // parley new
void add_doctor(CLI::App& app, Action& action);    // parley doctor
void add_data(CLI::App& app, Action& action);      // parley data add|report|remove
void add_train(CLI::App& app, Action& action);     // parley train
void add_model(CLI::App& app, Action& action);     // parley model import|pack
void add_generate(CLI::App& app, Action& action);  // parley generate
void add_verify(CLI::App& app, Action& action);    // parley verify
void add_eval(CLI::App& app, Action& action);      // parley eval
void add_test(CLI::App& app, Action& action);      // parley test
void add_serve(CLI::App& app, Action& action);     // parley serve
void add_chat(CLI::App& app, Action& action);      // parley chat

// All of them, in the order of the help.
void add_commands(CLI::App& app, Action& action);

}  // namespace parley::cli
