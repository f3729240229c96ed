#!/usr/bin/env bash
# Chat templates against Python's Jinja2, byte for byte: the templates and conversations of tests/jinja, and
# random expressions. Skips without Debian's python3-jinja2.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
python=''
for candidate in /usr/bin/python3 python3; do
  if "$candidate" -c 'import jinja2' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [[ -z $python ]]; then
  echo 'skipped: there is no python3-jinja2'
  exit 77
fi
cmake --build build/release --target jinja_render >/dev/null || exit 1
exec timeout 300 "$python" tests/jinja/reference.py build/release/bin/jinja_render tests/jinja \
  --expressions "${PARLEY_JINJA_EXPRESSIONS:-20000}" --seed "${PARLEY_JINJA_SEED:-1}"
