#!/usr/bin/env bash
# Structured output: the cost of token masks under real-life schemas, 128,000 tokens, one thread.
#     bench/constraint.sh [VOCABULARY] [REPLIES]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --build build/release --target constraint_bench >/dev/null
grep -m1 'model name' /proc/cpuinfo || true
build/release/bin/constraint_bench "$@"
