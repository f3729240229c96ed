#!/usr/bin/env bash
# Tests of how ./dev test counts: what the tools print, good and bad, against the numbers it must give.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
source scripts/dev/common.sh
source scripts/dev/test.sh
test_logs=$(mktemp -d)
trap 'rm -rf "$test_logs"' EXIT
stage=sample
good=0 bad=0

# expect NAME "PASSED FAILED SKIPPED" "failed names" : of what was counted since the last call
expect() {
  local counted names
  counted=$(awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$test_logs/$stage.counts")
  names=$(paste -sd';' "$test_logs/$stage.failed" 2>/dev/null)
  if [[ $counted == "$2" && $names == "${3:-}" ]]; then
    good=$((good + 1))
    echo "ok      $1"
  else
    bad=$((bad + 1))
    echo "FAILED  $1: counted '$counted' for '$2', failures '$names' for '${3:-}'"
  fi
  rm -f "$test_logs/$stage".*
}
sample() { cat >"$test_logs/input"; }

sample <<'LOG'
1: [==========] Running 3 tests from 1 test suite.
1: [==========] 3 tests from 1 test suite ran. (2 ms total)
1: [  PASSED  ] 3 tests.
1/1 Test #1: unit.base ........................   Passed    0.01 sec
LOG
tally_ctest "$test_logs/input"
expect 'a good program counts its tests' '3 0 0'

sample <<'LOG'
1: [==========] 4 tests from 1 test suite ran. (2 ms total)
2: [==========] 2 tests from 1 test suite ran. (2 ms total)
1: [  PASSED  ] 2 tests.
2: [  PASSED  ] 1 test.
1: [  SKIPPED ] 1 test, listed below:
1: [  SKIPPED ] A.NeedsData
1: [  FAILED  ] 1 test, listed below:
1: [  FAILED  ] A.Breaks
2: [  FAILED  ] 1 test, listed below:
2: [  FAILED  ] B.Breaks
1/2 Test #1: unit.a ...........................***Failed    0.01 sec
2/2 Test #2: unit.b ...........................***Failed    0.01 sec
LOG
tally_ctest "$test_logs/input"
expect 'programs that ran side by side' '3 2 1' 'A.Breaks;B.Breaks'

sample <<'LOG'
1: [==========] Running 3 tests from 1 test suite.
1: [ RUN      ] A.Crashes
1/1 Test #1: unit.a ...........................***Exception: SegFault  0.01 sec
LOG
tally_ctest "$test_logs/input"
expect 'a crash is a failure' '0 1 0' 'unit.a: Exception: SegFault  0.01 sec'

sample <<'LOG'
1: [==========] 3 tests from 1 test suite ran. (2 ms total)
1: [  PASSED  ] 3 tests.
1: ==1==ERROR: LeakSanitizer: detected memory leaks
1/1 Test #1: unit.a ...........................***Failed    0.01 sec
LOG
tally_ctest "$test_logs/input"
expect 'so is a leak found at exit' '3 1 0' 'unit.a: Failed    0.01 sec'

sample <<'LOG'
1/1 Test #1: unit.a ...........................***Not Run   0.00 sec
LOG
tally_ctest "$test_logs/input"
expect 'so is a program that was never built' '0 1 0' 'unit.a: Not Run   0.00 sec'

sample <<'LOG'
TAP version 13
# Subtest: fine
ok 1 - fine
ok 2 - left out # SKIP no data
not ok 3 - broken
1..3
# tests 3
# pass 1
# fail 1
# cancelled 0
# skipped 1
# todo 0
LOG
tally_node "$test_logs/input"
expect "node's TAP" '1 1 1' 'broken'

sample <<'LOG'
✔ fine (1.2ms)
ℹ tests 1
ℹ pass 1
ℹ fail 0
ℹ cancelled 0
ℹ skipped 0
ℹ todo 0
LOG
tally_node "$test_logs/input"
expect "node's spec report" '1 0 0'

printf 'ok a\n7 passed, 0 failed\n' >"$test_logs/input"
tally_closing_line "$test_logs/input" 0 x.sh
expect 'a script with a tally' '7 0 0'
printf '\e[32m7 passed, 2 failed, 1 skipped\e[0m\n' >"$test_logs/input"
tally_closing_line "$test_logs/input" 1 x.sh
expect 'in colour, with failures' '7 2 1' 'x.sh: 2 failed'
printf '7 passed, 0 failed\n' >"$test_logs/input"
tally_closing_line "$test_logs/input" 3 x.sh
expect 'an exit code that contradicts the tally' '7 1 0' 'x.sh: exit 3 although no test failed'
: >"$test_logs/input"
tally_closing_line "$test_logs/input" 0 x.sh
expect 'a script without a tally is one test' '1 0 0'
tally_closing_line "$test_logs/input" 1 x.sh
expect 'which may fail' '0 1 0' 'x.sh: exit 1'
tally_closing_line "$test_logs/input" 77 x.sh
expect 'or be skipped' '0 0 1'

# The whole run's exit code, under the options ./dev sets: stages that pass or fail, beside work ahead
# that has ended by itself or still runs.
whole_run() { # STAGE'S-FAILURES COMMAND-AHEAD
  (
    set -euo pipefail
    failures=$1 command=$2
    dev_setup() { :; }
    prepare_ccache() { :; }
    test_stages() { printf '%s|Stage|stage_plain||.\n' build asan fuzz tsan; }
    stage_plain() { count 1 "$failures" 0; }
    compile_ahead() {
      ($command && true) &
      ahead=$!
      [[ $command == true ]] && wait "$ahead"
      return 0
    }
    dev_test >/dev/null
    exit
  )
}
# A plain call: within `||` bash would not heed -e.
expect_exit() { # NAME EXPECTED FAILURES COMMAND
  whole_run "$3" "$4"
  local status=$?
  count 1 0 0
  ((status == $2)) || note_failed "exit $status"
  expect "$1" '1 0 0'
}
expect_exit 'all passed, and the work ahead has ended' 0 0 true
expect_exit 'all passed, and the work ahead still runs' 0 0 'sleep 30'
expect_exit 'a stage failed' 1 1 'sleep 30'

echo "$good passed, $bad failed"
((bad == 0))
