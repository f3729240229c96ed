# The programs: `parley` (everything but training) and `parley-train` (the only one that links libtorch).
parley_floor(cli PRECOMPILED cli_headers OPTIONS ${PARLEY_CLI_OPTIONS}
  LIBS parley_settings parley_server parley_eval parley_data parley_engine parley_web CLI11::CLI11)
target_compile_definitions(parley_cli PRIVATE PARLEY_VERSION="${PROJECT_VERSION}"
  PARLEY_TEMPLATE_SOURCE="${CMAKE_SOURCE_DIR}/templates")
add_executable(parley src/cli/parley_main.cpp)
target_link_libraries(parley PRIVATE parley_cli)
target_compile_definitions(parley PRIVATE PARLEY_VERSION="${PROJECT_VERSION}")
target_compile_options(parley PRIVATE ${PARLEY_CLI_OPTIONS})
parley_use_precompiled(parley cli_headers)
install(TARGETS parley)
install(DIRECTORY templates/ DESTINATION share/parley/templates)
if(PARLEY_TRAIN)
  # Not parley_cli: what trains needs nothing of what serves. The settings know every floor, and the descriptions call nothing
  # of what these link: hence only the libraries that are called.
  add_executable(parley-train src/cli/parley_train_main.cpp src/cli/options.cpp src/cli/run_program.cpp
    src/cli/train_options.cpp)
  target_link_libraries(parley-train PRIVATE parley_settings parley_train parley_train_torch CLI11::CLI11)
  target_link_options(parley-train PRIVATE LINKER:--as-needed)
  target_compile_options(parley-train PRIVATE ${PARLEY_CLI_OPTIONS})
  parley_use_precompiled(parley-train cli_headers)
  install(TARGETS parley-train)
endif()

# Measurements that need the insides; built when bench/ asks for them.
add_executable(tokenizer_bench EXCLUDE_FROM_ALL bench/tokenizer_bench.cpp)
target_link_libraries(tokenizer_bench PRIVATE parley_prompt)
add_executable(engine_bench EXCLUDE_FROM_ALL bench/engine_bench.cpp bench/engine_driver.cpp bench/engine_report.cpp bench/machine_limits.cpp bench/random_model.cpp)
target_link_libraries(engine_bench PRIVATE parley_engine)
add_executable(dequantize_bench EXCLUDE_FROM_ALL bench/dequantize_bench.cpp)
target_link_libraries(dequantize_bench PRIVATE parley_nn)
add_executable(constraint_bench EXCLUDE_FROM_ALL bench/constraint_bench.cpp)
target_link_libraries(constraint_bench PRIVATE parley_engine)
add_executable(chat_template_bench EXCLUDE_FROM_ALL bench/chat_template_bench.cpp)
target_link_libraries(chat_template_bench PRIVATE parley_prompt)

# What tests/jinja.sh compares with Python's Jinja2.
add_executable(jinja_render EXCLUDE_FROM_ALL tests/jinja/render_main.cpp)
target_link_libraries(jinja_render PRIVATE parley_prompt)

# What tests/targets compares the targets with; `./dev build wasm` and `./dev build arm64` are the others.
add_executable(replay_fixtures EXCLUDE_FROM_ALL tests/targets/replay_fixtures.cpp)
target_link_libraries(replay_fixtures PRIVATE parley_engine parley_nn_test_support)
add_executable(replay_check EXCLUDE_FROM_ALL src/engine/replay/replay_check_main.cpp)
target_link_libraries(replay_check PRIVATE parley_engine)
