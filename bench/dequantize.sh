#!/usr/bin/env bash
# Reading weights: million values a second that each tensor type of GGUF and safetensors gives as float32, one thread.
#     bench/dequantize.sh [MILLIONS_OF_VALUES]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
grep -m 1 'model name' /proc/cpuinfo || true
cmake --build build/release --target dequantize_bench >/dev/null
build/release/bin/dequantize_bench "${1:-16}"
