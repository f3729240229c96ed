# Lint and format: the floors, names, clang-format, house style, and clang-tidy on what changed.
# shellcheck shell=bash

cpp_files() { list_files '*.cpp' '*.hpp' '*.inl'; }

check_floors() { python3 scripts/lint_floors.py; }
check_names() { python3 scripts/lint_names.py; }
check_style() { list_files '*' | python3 scripts/lint_style.py; }
check_paths() { list_files 'tests/fixtures/*' 'tests/corpus/*' | python3 scripts/lint_paths.py; }
check_format() {
  local wrong
  wrong=$(cpp_files | xargs -r -P "$(usable_cpus)" -n 40 clang-format-19 --dry-run -Werror 2>&1 |
    sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: error: .*/\1/p' | sort | uniq -c)
  [[ -z $wrong ]] && return 0
  say "places that clang-format would change (./dev format does it):"
  say "$wrong"
  return 1
}
check_shell() {
  local script status=0
  for script in dev .ci/run $(list_files '*.sh'); do bash -n "$script" || status=1; done
  return $status
}
lint_checks=(floors names style paths format shell)

# Sources that differ from main (committed or not); everything outside a git checkout.
changed_sources() {
  local base
  base=$(git merge-base HEAD main 2>/dev/null || git merge-base HEAD origin/main 2>/dev/null || true)
  { git diff --name-only --diff-filter=d ${base:+"$base"} -- 'src/*.cpp' 'src/*.hpp'
    git ls-files -o --exclude-standard -- 'src/*.cpp' 'src/*.hpp'; } | sort -u
}

# A header is checked through the source beside it. Only files that the build compiles are checked.
tidy_targets() {
  sed 's/\.hpp$/.cpp/' | sort -u | while IFS= read -r file; do
    [[ -f $file ]] && grep -q -F "/$file\"" build/release/compile_commands.json && echo "$file"
  done
}

run_tidy() {
  local files
  mapfile -t files < <(if [[ $1 == all ]]; then list_files 'src/*.cpp'; else changed_sources; fi | tidy_targets)
  if ((${#files[@]} == 0)); then
    say "clang-tidy: nothing changed since main"
    return 0
  fi
  say "clang-tidy: ${#files[@]} files ..."
  printf '%s\n' "${files[@]}" |
    xargs -P "$(compile_jobs)" -n 1 clang-tidy-19 -p build/release --quiet --warnings-as-errors='*' 2>/dev/null
}

# dev_lint [--all | --no-tidy]
dev_lint() {
  local tidy=changed failed=0 check
  case ${1:-} in
    '') ;;
    --all) tidy=all ;;
    --no-tidy) tidy='' ;;
    *) die "unknown option '$1' of ./dev lint" "--all or --no-tidy" ;;
  esac
  dev_setup
  for check in "${lint_checks[@]}"; do
    if "check_$check"; then
      say "${green}ok${plain}      $check"
    else
      say "${red}failed${plain}  $check"
      failed=1
    fi
  done
  if [[ -n $tidy ]]; then
    [[ -f build/release/compile_commands.json ]] || run_logged build/logs/configure.log configure release ||
      die "cannot configure the build" "see build/logs/configure.log"
    if run_tidy "$tidy"; then say "${green}ok${plain}      clang-tidy"; else
      say "${red}failed${plain}  clang-tidy"
      failed=1
    fi
  fi
  return $failed
}

dev_format() {
  dev_setup
  cpp_files | xargs -r -P "$(usable_cpus)" -n 40 clang-format-19 -i
  say "Formatted $(cpp_files | wc -l) files."
}
