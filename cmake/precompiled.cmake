# Headers compiled once: src/base/precompiled.hpp for libraries and programs, GoogleTest and rapidcheck besides for tests,
# libtorch for what uses it. A file with flags of its own (cmake/instruction_sets.cmake) reads its headers itself.
option(PARLEY_PRECOMPILED "Compile common headers once" ON)

# parley_precompiled_headers(NAME header...): the target parley_NAME, whose headers others reuse.
function(parley_precompiled_headers name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LIBS;OPTIONS" ${ARGN})
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/${name}.cpp "// Only its headers matter.\n")
  add_library(parley_${name} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/${name}.cpp)
  target_include_directories(parley_${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(parley_${name} PRIVATE ${ARG_LIBS})
  # Without the time of its making in it, so that ccache knows it again.
  target_compile_options(parley_${name} PRIVATE ${ARG_OPTIONS} "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(parley_${name} PRIVATE ${ARG_HEADERS})
endfunction()

function(parley_use_precompiled target headers)
  if(PARLEY_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM parley_${headers})
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# A test is compiled more often than it runs; what it tests keeps its own settings.
if(CMAKE_BUILD_TYPE STREQUAL "Sanitize")
  set(PARLEY_TEST_OPTIONS -O0)
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(PARLEY_TEST_OPTIONS -O0)
endif()

# Several files to one compilation: what they share is read and instantiated once, for half of the processor time and less.
# The debug build leaves them apart, for whoever edits one file again and again. Files with flags of their own stay alone.
function(parley_unite target)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# Commands read options and call what is below; CLI11's templates are most of what they compile.
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(PARLEY_CLI_OPTIONS -O1)
endif()

if(PARLEY_PRECOMPILED)
  set(base_libs fmt::fmt spdlog::spdlog)
  parley_precompiled_headers(headers HEADERS ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp LIBS ${base_libs})
  parley_precompiled_headers(test_headers OPTIONS ${PARLEY_TEST_OPTIONS} LIBS ${base_libs} GTest::gtest GTest::gmock
    HEADERS ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp <gtest/gtest.h> <gmock/gmock.h> <rapidcheck.h>)
  parley_precompiled_headers(cli_headers LIBS ${base_libs} CLI11::CLI11 OPTIONS ${PARLEY_CLI_OPTIONS}
    HEADERS ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp <CLI/CLI.hpp>)
endif()
