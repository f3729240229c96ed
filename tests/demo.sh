#!/usr/bin/env bash
# ./dev demo from an empty folder, with a small model and a short training: what it leaves behind, that a
# second run repeats nothing, and that it serves. Leaves build/test-demo for the tests after it.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
project=build/test-demo
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
finish() {
  echo "$passed passed, $failed failed"
  ((failed == 0))
  exit
}

./dev demo --no-serve --fresh --dir "$project" --size nano --minutes 0.5
check 'the demo runs through' test $? = 0
model=$project/.parley/models/current
check 'there is a project' test -f "$project/parley.yaml"
check 'there is a dataset' test -f "$project/.parley/dataset/manifest.json"
for file in config.json tokenizer.json tokenizer_config.json generation_config.json model.safetensors; do
  check "the model has $file" test -s "$model/$file"
done
((failed)) && finish

trained=$(stat -c %Y "$model/model.safetensors")
second=$(./dev demo --no-serve --dir "$project" 2>&1)
check 'the second run succeeds' test $? = 0
check 'and repeats no step' test "$(grep -c 'is there$\|tested before' <<<"$second")" = 4
check 'and leaves the model alone' test "$(stat -c %Y "$model/model.safetensors")" = "$trained"

log=$(mktemp)
./dev demo --dir "$project" --port 18480 >"$log" 2>&1 &
server=$!
url=''
for ((i = 0; i < 300 && ${#url} == 0; i++)); do
  sleep 0.2
  kill -0 $server 2>/dev/null || break
  url=$(sed -n 's/.*ready:  \(http[^ ]*\).*/\1/p' "$log")
done
check 'it serves and says where' test -n "$url"
if [[ -n $url ]]; then
  check 'the chat page is there' grep -q -i '<!doctype html>' <(curl -s "$url/")
  check 'it names three things to try' grep -q '^   3\. ' "$log"
  reply=$(curl -s "$url/v1/chat/completions" -H 'Content-Type: application/json' \
    -d '{"messages":[{"role":"user","content":"Hello!"}],"max_tokens":24}')
  check 'the assistant answers' grep -q '"finish_reason"' <<<"$reply"
  kill -TERM $server
fi
wait $server
check 'the server ends cleanly when asked to' test $? = 0
((failed)) && tail -n 20 "$log"
rm -f "$log"
finish
