#!/usr/bin/env bash
# parley train with real processes: killed and resumed, a full disk, damaged checkpoints and weights, too little data;
# and the engine against the torch model it came from.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
bin=${PARLEY_BIN:-$PWD/build/release/bin/parley}
trainer=$(dirname "$bin")/parley-train
if [[ ! -x $trainer ]]; then
  echo "parley-train is not built"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # NAME COMMAND...
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
  fi
}
contains() { grep -q -- "$1" "$2" || { sed 's/^/        | /' "$2"; return 1; }; }

# A few hundred small conversations, the same every time.
awk 'BEGIN {
  split("comedy drama horror space pirate jungle castle winter desert ocean", kind, " ")
  split("Anna Ben Clara David Emma Felix Grace Henry Iris Jonas", name, " ")
  for (i = 0; i < 400; i++) {
    k = kind[i % 10 + 1]; n = name[int(i / 10) % 10 + 1]; y = 1980 + 3 * (i % 10)
    printf "{\"id\":\"c%d\",\"messages\":[{\"role\":\"user\",\"content\":\"Which %s film is %s in, number %d?\"},{\"role\":\"assistant\",\"content\":\"%s plays in a %s film of %d.\"},{\"role\":\"user\",\"content\":\"When did it come out?\"},{\"role\":\"assistant\",\"content\":\"It came out in %d, %s.\"}]}\n", i, k, n, i, n, k, y, y, n
  }
}' >"$work/chats.jsonl"

new_project() {
  "$bin" new "$work/$1" --template blank >/dev/null
  (cd "$work/$1" && "$bin" data add "$work/chats.jsonl" >/dev/null 2>&1)
}
train() { # PROJECT ARGUMENTS...: quick checkpoints, one thread, so that a run takes seconds and repeats exactly
  local project=$1
  shift
  "$trainer" --project "$work/$project" --size nano --steps 60 --batch 4 --threads 1 --checkpoint-seconds 0.3 "$@"
}
losses() { grep -h '"loss"' "$work/$1"/.parley/training/run-*/log.jsonl | sed 's/.*"loss":\([^,]*\),.*"step":\([0-9]*\).*/\2 \1/'; }

new_project whole
train whole >"$work/out" 2>&1
check 'an uninterrupted run finishes' contains 'Trained 60 steps' "$work/out"
losses whole >"$work/whole.losses"
check 'its log has every step' test "$(wc -l <"$work/whole.losses")" = 60

# Killed between the last step and the export, all there is is the last checkpoint: it must tell the rest of the run.
address=$(readlink "$work/whole/.parley/models/current")
rm -r "$work/whole/.parley/models"
train whole >"$work/out" 2>&1
check 'a run killed before its export exports the same model' \
  test "$(readlink "$work/whole/.parley/models/current")" = "$address"

new_project killed
for delay in 1.3 2.1 1.7; do
  train killed >"$work/out" 2>&1 &
  sleep "$delay"
  pkill -9 -f "parley-train --project $work/killed" 2>/dev/null
  wait 2>/dev/null
done
train killed >"$work/out" 2>&1
check 'a run killed three times finishes' contains 'Trained 60 steps' "$work/out"
losses killed >"$work/killed.losses"
check 'its losses equal the uninterrupted run to the last digit' cmp "$work/whole.losses" "$work/killed.losses"
check 'and so do its weights' cmp "$work"/whole/.parley/models/current/model.safetensors "$work"/killed/.parley/models/current/model.safetensors

# Damage the newest checkpoint: the run falls back to the one before and still ends the same.
new_project damaged
train damaged --stop-after 20 >/dev/null 2>&1
train damaged --stop-after 15 >/dev/null 2>&1
newest=$(ls "$work"/damaged/.parley/training/run-*/step-*.ckpt | tail -n 1)
printf 'x' | dd of="$newest" bs=1 seek=5000 conv=notrunc 2>/dev/null
train damaged >"$work/out" 2>&1
check 'a damaged checkpoint is noticed' contains 'checkpoint.skipped' "$work/out"
check 'and the one before it is used' contains 'resumed at step \(2[0-9]\|3[0-4]\)$' "$work/out"
losses damaged >"$work/damaged.losses"
check 'with the same losses' cmp "$work/whole.losses" "$work/damaged.losses"

# No room for a checkpoint: one clear error, the last checkpoint whole. (A limit on file size stands in for a full disk:
# the write fails the same way.)
new_project full
train full --stop-after 10 >/dev/null 2>&1
(
  trap '' XFSZ
  ulimit -f 1000
  train full >"$work/out" 2>&1
)
check 'a full disk ends the run with an error' test $? = 6
check 'that says what could not be written' contains 'error: cannot write .*ckpt' "$work/out"
check 'and leaves no half-written file' test -z "$(find "$work/full/.parley" -name '*.tmp-*')"
train full >"$work/out" 2>&1
check 'the next run goes on' contains 'resumed at step' "$work/out"
losses full >"$work/full.losses"
check 'to the same end' cmp "$work/whole.losses" "$work/full.losses"

# Too little data.
"$bin" new "$work/small" --template blank >/dev/null
echo '{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"}]}' >"$work/small.jsonl"
(cd "$work/small" && "$bin" data add "$work/small.jsonl" >/dev/null 2>&1)
"$bin" train --project "$work/small" --size nano --steps 5 >"$work/out" 2>&1
check 'too little data for a tokenizer is an error' test $? = 3
check 'that says so' contains 'too small for its tokenizer' "$work/out"
"$bin" new "$work/none" --template blank >/dev/null
"$bin" train --project "$work/none" >"$work/out" 2>&1
check 'no data at all is an error' test $? -ne 0
check 'that names the next command' contains 'parley data add' "$work/out"

# The engine and the torch model are two implementations of one model.
model=$work/whole/.parley/models/current
"$trainer" eval "$model" "$work/chats.jsonl" --dump "$work/scores" >/dev/null 2>&1
agreement() { "$bin" eval "$work/chats.jsonl" --model "$model" --reference "$work/scores" --json "$@" 2>/dev/null; }
agreement >"$work/int8.json"
agreement --precision float32 >"$work/float32.json"
field() { sed "s/.*\"$1\":\([^,}]*\).*/\1/" "$2"; }
within() { awk -v x="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(x >= low && x <= high) }' || { echo "        | $1 is not in $2 … $3"; return 1; }; }
check 'float32: the perplexity is torch'\''s within 0.01 %' within "$(field perplexity_ratio "$work/float32.json")" 0.9999 1.0001
check 'float32: the most likely token agrees on 99.9 %' within "$(field top1_agreement "$work/float32.json")" 0.999 1
check 'int8: the perplexity is torch'\''s within 0.5 %' within "$(field perplexity_ratio "$work/int8.json")" 0.995 1.005
check 'int8: the most likely token agrees on 99 %' within "$(field top1_agreement "$work/int8.json")" 0.99 1

# A damaged model.
cp -rL "$model" "$work/cut"
truncate -s 100000 "$work/cut/model.safetensors"
"$bin" generate "$work/cut" --tokens 5 >"$work/out" 2>&1
check 'a truncated model is an error' test $? = 3
check 'that says where it ends' contains 'truncated' "$work/out"

echo "$passed passed, $failed failed"
((failed == 0))
