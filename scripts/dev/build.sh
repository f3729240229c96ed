# Building: configure a preset when needed, then ninja with as many jobs as the machine holds.
# shellcheck shell=bash

# ccache keeps its files in the home folder; a home that cannot be written (a container, a service
# account) must not fail the build.
prepare_ccache() {
  export CCACHE_SLOPPINESS=pch_defines,time_macros # else precompiled headers are never found again
  [[ -n ${CCACHE_DIR:-} ]] && return
  if [[ -z ${HOME:-} ]] || ! mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}/ccache" 2>/dev/null ||
    [[ ! -w ${XDG_CACHE_HOME:-$HOME/.cache}/ccache ]]; then
    export CCACHE_DIR=$PWD/build/ccache
  fi
}

configure() {
  local folder=build/$1
  if [[ ! -f $folder/build.ninja || CMakePresets.json -nt $folder/build.ninja ]]; then
    cmake --preset "$1" && touch "$folder/build.ninja"
  fi
}

configure_and_compile() {
  local preset=$1
  shift
  configure "$preset" && cmake --build "build/$preset" -j "$(compile_jobs)" ${@:+--target "$@"}
}

configure_and_compile_verifier() {
  [[ -f build/$1/build.ninja ]] ||
    cmake -G Ninja -S cmake/verifier -B "build/$1" --toolchain "$PWD/cmake/verifier/$1.cmake" \
      -DCMAKE_CXX_COMPILER_LAUNCHER=ccache || return 1
  cmake --build "build/$1" -j "$(compile_jobs)"
}

# The verifier alone, for another target: cmake/verifier. build_verifier wasm|arm64
build_verifier() {
  local log=build/logs/build-$1.log started=$SECONDS
  prepare_ccache
  if ! run_logged "$log" configure_and_compile_verifier "$1"; then
    grep -n -E -m 12 'error:|FAILED:|CMake Error' "$log" >&2 || true
    die "the $1 build failed" "the whole log is $log"
  fi
  grep -q 'ninja: no work to do' "$log" || say "Built build/$1 in $(elapsed $((SECONDS - started)))."
  [[ $1 != wasm ]] || say "build/wasm/replay.wasm: $(stat -c %s build/wasm/replay.wasm) bytes"
}

# dev_build [PRESET [TARGET...]]
dev_build() {
  local preset=${1:-release} started=$SECONDS log
  [[ $# -gt 0 ]] && shift
  if [[ $preset == wasm || $preset == arm64 ]]; then
    build_verifier "$preset"
    return
  fi
  grep -q "\"name\": \"$preset\", \"configurePreset\"" CMakePresets.json ||
    die "there is no preset '$preset'" "one of: $(sed -n 's/.*"name": "\([a-z]*\)", "configurePreset".*/\1/p' CMakePresets.json | paste -sd' ')"
  log=build/logs/build-$preset.log
  prepare_ccache
  if [[ ${1:-} == web_packages ]]; then
    [[ -f build/$preset/build.ninja ]] || say 'Fetching the packages of the web pages ...'
  elif ! compgen -G "build/$preset/bin/*" >/dev/null; then
    say "Building $preset with $(compile_jobs) jobs (the first time takes some minutes) ..."
  fi
  if ! run_logged "$log" configure_and_compile "$preset" "$@"; then
    grep -n -E -m 12 'error:|FAILED:|CMake Error' "$log" >&2 || true
    tail -n 25 "$log" >&2
    die "the $preset build failed" "the whole log is $log"
  fi
  if grep -q 'ninja: no work to do' "$log"; then
    [[ ${quiet_build:-} ]] || say "build/$preset is up to date."
  else
    [[ ${1:-} == web_packages ]] || say "Built build/$preset in $(elapsed $((SECONDS - started)))."
  fi
}
