#!/usr/bin/env bash
# The steps of README's "A project of your own" as far as the training, with every format that it names; and what a
# new project says before there is any data.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.." || exit 1
bin=${PARLEY_BIN:-$PWD/build/release/bin/parley}
if [[ ! -x $bin ]]; then
  echo "parley is not built"
  exit 77
fi
readme=$PWD/README.md
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

PATH=$(dirname "$bin"):$PATH
export HOME=$work/home
mkdir -p "$HOME/conversations"

# The commands of the section, comments off, up to the training.
steps=$(sed -n '/^## A project of your own/,/^|/s/^    //p' "$readme" | sed 's/ *#.*//; /^export PATH=/d; /^parley train/,$d')
check 'the README has the steps' test "$(wc -l <<<"$steps")" = 3

chat() { printf '{"messages":[{"role":"user","content":"Question %s?"},{"role":"assistant","content":"Answer %s."}]}\n' "$1" "$1"; }
for i in 1 2 3 4; do chat "$i"; done >"$HOME/conversations/chats.jsonl"
(cd "$work" && eval "$steps") >"$work/out" 2>&1
check 'its steps go through word for word' test $? = 0
check 'and every record is used' contains '4 records read, 4 used' "$work/out"

new_project() { (cd "$work" && parley new "$1" --template blank) >"$work/out" 2>&1; }
add() { (cd "$work/$1" && parley data add) >"$work/out" 2>&1; }

new_project empty
check 'a new project without data says so' test "$(add empty; echo $?)" != 0
check 'and where to put it' contains 'nothing is in data, knowledge' "$work/out"
(cd "$work/empty" && parley doctor) >"$work/out" 2>&1
check 'as the doctor does' contains 'data: nothing there' "$work/out"

format() { # NAME FILE RECORDS: the file from standard input, alone in a new project
  new_project "$1"
  mkdir -p "$(dirname "$work/$1/$2")"
  cat >"$work/$1/$2"
  check "$1: data add" add "$1"
  check "$1: reads every record" contains "$3 records read, $3 used" "$work/out"
  (cd "$work/$1" && parley data report) >"$work/out" 2>&1
  check "$1: data report" contains 'Dataset of' "$work/out"
  (cd "$work/$1" && parley doctor) >"$work/out" 2>&1
  check "$1: the doctor sees the dataset" contains 'dataset' "$work/out"
}
{ chat 5; chat 6; } | format openai data/a.jsonl 2
format sharegpt data/a.json 2 <<'END'
[{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
 {"conversations": [{"role": "user", "content": "Bye"}, {"role": "assistant", "content": "See you"}]}]
END
format alpaca data/a.json 2 <<'END'
[{"instruction": "Translate.", "input": "Good day", "output": "Guten Tag"}, {"instruction": "Greet.", "output": "Hi"}]
END
printf 'sep=;\r\nquestion;answer\r\nHow?;So.\r\nWhy?;Because.\r\n' | format csv data/a.csv 2
printf '# Log\n\n**Customer:** Hi\n**Agent:** Hello\n\n## Next\n\nCustomer: Bye\nAgent: See you\n' | format transcript data/a.md 2
printf '# Guide\n\nPress *Play*.\n' | format markdown knowledge/a.md 1
printf '<h1>Guide</h1><p>Press <b>Play</b>.' | format html knowledge/a.html 1
printf 'Press Play.\n' | format text knowledge/a.txt 1

echo "$passed passed, $failed failed"
((failed == 0))
