# 64-bit ARM Linux, by clang-19 with the libraries of Debian's g++-aarch64-linux-gnu; static, so that
# qemu-aarch64-static runs it without a system of its own.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_CXX_COMPILER_TARGET aarch64-linux-gnu)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld-19 -static -Wl,--gc-sections")
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
