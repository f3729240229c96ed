// One function per command, each in its own file cmd_NAME.cpp: it declares the command's options on
// `app` and sets its callback. Callbacks throw parley::Error; main.cpp turns that into the exit
// code and the message.
#pragma once

#include <CLI/CLI.hpp>

namespace parley::cli {

void add_new(CLI::App& app);       // parley new
void add_doctor(CLI::App& app);    // parley doctor
void add_data(CLI::App& app);      // parley data add|report
void add_train(CLI::App& app);     // parley train
void add_model(CLI::App& app);     // parley model import|pack
void add_generate(CLI::App& app);  // parley generate
void add_verify(CLI::App& app);    // parley verify
void add_eval(CLI::App& app);      // parley eval
void add_test(CLI::App& app);      // parley test
void add_serve(CLI::App& app);     // parley serve
void add_chat(CLI::App& app);      // parley chat

}  // namespace parley::cli
