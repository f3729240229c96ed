# Benchmarks: bench/NAME.sh or bench/NAME.py, each of which says in its first comment what it measures.
# shellcheck shell=bash

bench_scripts() { find bench -maxdepth 1 -type f \( -name '*.sh' -o -name '*.py' \) | sort; }

# The first comment line that is not the interpreter.
bench_about() { sed -n -e '/^#!/d' -e 's/^# *//p' -e 's/^"""//p' "$1" | head -n 1; }

# dev_bench [NAME [ARGUMENT...]]
dev_bench() {
  local script name=${1:-}
  if [[ -z $name || $name == --list ]]; then
    if [[ -z $(bench_scripts) ]]; then
      say "bench/ has no benchmarks yet; bench/README.md says how to add one."
      return
    fi
    say "${bold}./dev bench NAME${plain} runs one of:"
    bench_scripts | while read -r script; do
      printf '  %-22s %s\n' "$(basename "${script%.*}")" "$(bench_about "$script")"
    done
    return
  fi
  shift
  for script in "bench/$name.sh" "bench/$name.py"; do
    [[ -f $script ]] || continue
    dev_setup && quiet_build=1 dev_build release
    export PARLEY_BIN=$PWD/build/release/bin/parley
    if [[ $script == *.py ]]; then exec python3 "$script" "$@"; fi
    exec bash "$script" "$@"
  done
  die "there is no benchmark '$name'" "run ./dev bench for the list"
}
