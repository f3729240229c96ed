#!/usr/bin/env bash
# Tokenizer speed on real text: learning 8,192 tokens on two threads, encoding on one with each kind of tokenizer.
#     bench/tokenizer.sh [FILE…]     (default: the shared data beside the project)
# A checkpoint's own: build/release/bin/tokenizer_bench --load DIR FILE…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=${PARLEY_TEST_DATA:-../shared/data}
if (($# == 0)); then
  set -- "$data"/text/tinyshakespeare.txt "$data"/conversations/sgd_entertainment_train.jsonl "$data"/knowledge/ercs/*.md
  [[ -e $1 ]] || { echo "no shared data: name text files" >&2; exit 1; }
fi
cmake --build build/release --target tokenizer_bench >/dev/null
build/release/bin/tokenizer_bench 100 8192 2 "$@"
