#!/usr/bin/env bash
# Training speed on the 13.8 M shape (width 384, 6 layers, 6 heads, hidden 1,024, vocabulary 8,192, batch 16 x 256),
# every token a target: parley-train against plain PyTorch in bf16 autocast, run alternately because a shared machine
# drifts. Prints every run and the ratio of the medians.
#
#     bench/train_speed.sh [ROUNDS] [BUILD_DIR]        (needs python3-torch)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-3}
build=${2:-build/release}
# The interpreter that Debian's python3-torch belongs to.
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import torch' 2>/dev/null || { echo "python3-torch is not installed: apt-get install python3-torch" >&2; exit 1; }
ours=() peer=()
value() { sed -E 's/.*"tokens_per_second": *([0-9]+).*/\1/' <<<"$1"; }
for ((i = 0; i < rounds; ++i)); do
  line=$(GLIBC_TUNABLES=glibc.malloc.hugetlb=1 "$build/bin/parley-train" bench --steps 24)
  echo "$line"; ours+=("$(value "$line")")
  line=$("$python" bench/train_peer.py --steps 12)
  echo "$line"; peer+=("$(value "$line")")
done
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
a=$(median "${ours[@]}") b=$(median "${peer[@]}")
echo "parley-train $a tokens/s, PyTorch $b tokens/s, ratio $(awk "BEGIN { printf \"%.2f\", $a / $b }")"
