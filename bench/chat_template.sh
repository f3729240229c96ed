#!/usr/bin/env bash
# Chat template speed: rendering a long conversation, Parley against Python's Jinja2.
#     bench/chat_template.sh [TURNS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cmake --build build/release --target chat_template_bench >/dev/null
lscpu | sed -n 's/^Model name: */processor: /p; s/^CPU(s): */cores: /p'
python=/usr/bin/python3
"$python" -c 'import jinja2' 2>/dev/null || python=''
for template in im_markers xml_tool_calls; do
  for round in 1 2 3; do
    build/release/bin/chat_template_bench "tests/jinja/templates/$template.jinja" "${1:-100}"
    [[ -z $python ]] || "$python" bench/chat_template_peer.py "tests/jinja/templates/$template.jinja" "${1:-100}"
  done
done
