#!/usr/bin/env bash
# The engine's speed as fractions of what the machine can do: decode, prefill, int4, AVX2, contexts.
#     bench/engine.sh [--shape smollm2-135m|llama-3.2-1b] [--only PART] [--passes N] [--quick] [--json]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --build build/release --target engine_bench >/dev/null
exec build/release/bin/engine_bench "$@" 2> >(grep -v '"engine.ready"' >&2)
