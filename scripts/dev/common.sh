# What every part of ./dev shares: colours, messages, the machine's size, logged commands.
# shellcheck shell=bash

export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2034
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' cyan=$'\e[36m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' yellow='' cyan='' plain=''
fi

say() { printf '%s\n' "$*"; }

# die MESSAGE [HINT]: the same two lines that parley itself prints.
die() {
  printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
  [[ -n ${2:-} ]] && printf '%s hint:%s %s\n' "$cyan" "$plain" "$2" >&2
  exit 1
}

# Processors this process may use: its affinity mask, cut to the cgroup's quota.
usable_cpus() {
  local cpus quota period
  cpus=$(nproc)
  if read -r quota period 2>/dev/null </sys/fs/cgroup/cpu.max && [[ $quota != max ]]; then
    quota=$(((quota + period - 1) / period))
    ((quota < cpus)) && cpus=$quota
  fi
  echo $((cpus > 1 ? cpus : 1))
}

# Compile jobs: one a processor, but no more than memory holds (the HTTP units take about 2 GB each).
compile_jobs() {
  if [[ -n ${PARLEY_JOBS:-} ]]; then
    echo "$PARLEY_JOBS"
    return
  fi
  local cpus kilobytes limit jobs
  cpus=$(usable_cpus)
  kilobytes=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  if read -r limit 2>/dev/null </sys/fs/cgroup/memory.max && [[ $limit != max ]]; then
    ((limit / 1024 < kilobytes)) && kilobytes=$((limit / 1024))
  fi
  jobs=$((kilobytes / 2000000))
  ((jobs < 1)) && jobs=1
  echo $((jobs < cpus ? jobs : cpus))
}

# run_logged LOG COMMAND...: output goes to LOG. A terminal sees the latest line of it; anybody sees how far
# a build is and how long it will take, a terminal at once, a pipe every progress_seconds.
progress_seconds=${PARLEY_PROGRESS_SECONDS:-20}
run_logged() {
  local log=$1 status=0
  shift
  mkdir -p "$(dirname "$log")"
  "$@" 2>&1 </dev/null | tee "$log" | show_progress || status=$?
  return "$status"
}

# ninja's "[17/240] Building …" as "17 of 240, 2 min 05 s left". What the compiler's cache knew goes by too
# fast to count: the estimate starts anew when steps become slow.
show_progress() {
  local terminal='' columns=80 line shown=$SECONDS from=$SECONDS first=0 done total left''
  [[ -t 1 ]] && terminal=1 && columns=$(tput cols 2>/dev/null || echo 80)
  while IFS= read -r line; do
    line=${line//$'\r'/}
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\  ]]; then
      done=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]} left=''
      # A second build in the same command, or still the quick part: count from here.
      if ((done < first || (SECONDS - from) * 20 < done - first)); then from=$SECONDS first=$done; fi
      if ((SECONDS - from >= 10 && done - first >= 10)); then
        left=", about $(elapsed $(((SECONDS - from) * (total - done) / (done - first)))) left"
      fi
      if [[ $terminal ]]; then
        line="$done of $total$left   ${line#*] }"
      elif ((SECONDS - shown >= progress_seconds)); then
        shown=$SECONDS
        say "  $done of $total$left"
      fi
    fi
    [[ $terminal ]] && printf '\r\e[K%s  %s%s' "$dim" "${line:0:columns-4}" "$plain"
  done
  if [[ $terminal ]]; then printf '\r\e[K'; fi
}

# elapsed SECONDS: "7 s", "2 min 05 s"
elapsed() {
  if (($1 < 60)); then
    echo "$1 s"
  else
    printf '%d min %02d s\n' $(($1 / 60)) $(($1 % 60))
  fi
}

# The sources under version control plus new ones not ignored; works in an unpacked archive as well.
# list_files PATTERN...   (shell patterns on the file name)
list_files() {
  local pattern expression=()
  if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -co --exclude-standard -- "$@" | while IFS= read -r file; do
      [[ -f $file ]] && printf '%s\n' "$file"
    done
  else
    for pattern in "$@"; do expression+=(-o -name "$pattern"); done
    find . \( -name build -o -name node_modules -o -name .git -o -name .parley \) -prune -o \
      -type f \( "${expression[@]:1}" \) -print | sed 's|^\./||'
  fi
}
