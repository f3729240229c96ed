# Which file is compiled for what: one instruction set per kernel file, the arithmetic that training may use, and
# libtorch's older C++. Whatever a file here needs beyond the baseline is checked for at run time before it is called.
set(avx2_flags -mavx2 -mf16c)
set(avxvnni_flags ${avx2_flags} -mavxvnni)
set(avx512_flags ${avx2_flags} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512)
set(avx512_vnni_flags ${avx512_flags} -mavx512vnni)
set(neon_dotprod_flags -march=armv8.2-a+dotprod)
# Training may reorder float sums and fuse multiply-add; inference may not.
set(training_math_flags -O3 -ffp-contract=fast -fassociative-math -fno-signed-zeros -fno-trapping-math -freciprocal-math
    -fno-math-errno)
set(training_avx2_flags ${training_math_flags} ${avx2_flags} -mfma -mprefer-vector-width=512)
set(training_avx512_flags ${training_avx2_flags} ${avx512_flags})
set(training_bf16_flags -O3 ${avx2_flags} -mfma -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16)
set(training_amx_flags ${training_bf16_flags} -mamx-tile -mamx-bf16)
set(torch_flags -std=c++17 -Wno-shadow -Wno-deprecated-declarations)  # libtorch 1.13's headers fail in C++20

# parley_compile_with(NAME file...): the files, from src/, get NAME_flags.
function(parley_compile_with name)
  foreach(file ${ARGN})
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/src/${file})
      message(FATAL_ERROR "cmake/instruction_sets.cmake names src/${file}, which is not there")
    endif()
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/${file} APPEND PROPERTY COMPILE_OPTIONS ${${name}_flags})
    set_property(SOURCE ${CMAKE_SOURCE_DIR}/src/${file} PROPERTY SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  parley_compile_with(neon_dotprod nn/kernels/kernels_neon_dotprod.cpp)
else()
  parley_compile_with(avx2 nn/kernels/kernels_avx2.cpp nn/kernels/pack_tile_avx2.cpp)
  parley_compile_with(avxvnni nn/kernels/kernels_avxvnni.cpp)
  parley_compile_with(avx512 nn/kernels/kernels_avx512.cpp)
  parley_compile_with(avx512_vnni nn/kernels/kernels_avx512_vnni.cpp nn/kernels/kernels_vnni256_avx512_vnni.cpp)
  parley_compile_with(training_math train/fast/kernels_generic.cpp)
  parley_compile_with(training_avx2 train/fast/kernels_avx2.cpp)
  parley_compile_with(training_avx512 train/fast/kernels_avx512.cpp)
  parley_compile_with(training_bf16 train/fast/bf16/attention_avx512bf16.cpp train/fast/bf16/elementwise_avx512bf16.cpp
    train/fast/bf16/products_avx512bf16.cpp)
  parley_compile_with(training_amx train/fast/bf16/product_amx.cpp)
endif()
set(torch_sources train/model/torch_fused.cpp train/model/torch_fused_test.cpp train/model/torch_llama.cpp train/model/torch_ops.cpp
    train/model/torch_ops_test.cpp train/model/torch_trainer.cpp)
parley_compile_with(torch ${torch_sources})
if(PARLEY_TRAIN)
  list(TRANSFORM torch_sources PREPEND ${CMAKE_SOURCE_DIR}/src/)
  set_property(SOURCE ${torch_sources} APPEND PROPERTY INCLUDE_DIRECTORIES ${TORCH_INCLUDE_DIRS})
endif()
