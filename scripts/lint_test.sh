#!/usr/bin/env bash
# Tests of the lint itself: each rule, broken on purpose in a throw-away tree, must be reported.
set -uo pipefail
scripts=$(dirname "$(readlink -f "$0")")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
passed=0 failed=0

result() { # STATUS NAME [OUTPUT]
  if (($1 == 0)); then
    passed=$((passed + 1))
    echo "ok      $2"
  else
    failed=$((failed + 1))
    echo "FAILED  $2"
    [[ -n ${3:-} ]] && echo "${3//$'\n'/$'\n'    }"
  fi
}

reset() {
  rm -rf "$tree"
  mkdir -p "$tree"/src/{cli,settings,server,eval,chat,train,data,store/sql,engine,package,nn,text,base,web} "$tree/docs"
  printf '# Roadmap\n\n## Fine-tuning\n' >"$tree/docs/roadmap.md"
  printf '// a leaf\n#pragma once\n' >"$tree/src/base/error.hpp"
}

# floors EXPECT(0|1) FILE INCLUDE NAME [PATTERN]
floors() {
  reset
  printf '// a file\n#include %s\n' "$3" >"$tree/src/$2"
  local output status
  output=$("$scripts/lint_floors.py" "$tree")
  status=$?
  if [[ $1 == 0 ]]; then
    result "$status" "$4" "$output"
  else
    [[ $status == 1 && $output == *"src/$2:2:"*"${5:-}"* ]]
    result $? "$4" "$output"
  fi
}

floors 0 chat/a.cpp '"base/error.hpp"' 'an include down the floors passes'
floors 0 chat/a.cpp '"chat/turn.hpp"' 'an include within a floor passes'
floors 0 chat/a.cpp '<vector>' 'a system header passes'
floors 0 cli/a.cpp '"web/embedded.hpp"' 'cli may include web'
floors 0 train/a.cpp '<torch/torch.h>' 'train may include torch'
floors 0 cli/parley_train_main.cpp '"train/train.hpp"' 'the main of parley-train may include train'
floors 0 store/sql/a.cpp '<soci/soci.h>' 'store/sql may include SOCI'
floors 0 cli/a.cpp '"settings/project.hpp"' 'cli may include the whole of parley.yaml'
floors 0 settings/a.cpp '"train/run/settings.hpp"' 'settings/ composes the settings of train'
floors 0 settings/a.hpp '"chat/settings.hpp"' 'settings/ composes the settings of every floor'
floors 0 chat/a.cpp '"chat/settings.hpp"' 'a floor may include its own settings'
floors 1 base/a.cpp '"chat/turn.hpp"' 'an include up the floors fails' 'is above base/'
floors 1 nn/a_test.cpp '"engine/engine.hpp"' 'a test file obeys the same rule' 'is above nn/'
floors 1 nn/a_fuzz.cpp '"data/dataset.hpp"' 'a fuzz target obeys the same rule' 'is above nn/'
floors 1 base/a.cpp '<chat/turn.hpp>' 'angle brackets hide nothing' 'is above base/'
floors 1 base/a.cpp '  "chat/turn.hpp"' 'nor does white space' 'is above base/'
floors 1 data/a.cpp '"store/store.hpp"' 'data may not include store' 'stands beside'
floors 1 store/a.cpp '"data/dataset.hpp"' 'store may not include data' 'stands beside'
floors 1 cli/a.cpp '"train/trainer.hpp"' 'nothing includes train' 'nothing but src/train'
floors 1 settings/a.cpp '"train/run/plan.hpp"' 'settings/ knows no more of train than its settings' 'except its settings'
floors 1 server/a.cpp '"settings/project.hpp"' 'only cli includes settings/' 'is above server/'
floors 1 eval/a_test.cpp '"settings/project.hpp"' 'nor does a test' 'is above eval/'
floors 1 server/a.cpp '"chat/settings.hpp"' 'a floor takes no settings of another' 'its own'
floors 1 chat/a.cpp '"train/run/settings.hpp"' 'nor those of train' 'its own'
floors 1 chat/a.cpp '"web/embedded.hpp"' 'chat may not include web' 'only cli/ and server/'
floors 1 web/a.cpp '"server/http.hpp"' 'web is a leaf' 'base/ only'
floors 1 nn/a.cpp '<torch/torch.h>' 'only train knows torch' 'only train/'
floors 1 data/a.cpp '<sqlite3.h>' 'only store/sql knows SQL' 'only store/sql/'
floors 1 store/a.cpp '<soci/soci.h>' 'the rest of store knows none' 'only store/sql/'
floors 1 chat/a.cpp '<boost/beast/http.hpp>' 'only server knows Beast' 'only server/'
floors 0 package/a.cpp '"nn/files/gguf.hpp"' 'package may tell forms of models apart'
floors 1 engine/a.cpp '"nn/files/gguf.hpp"' 'others may not' 'only package/'
floors 1 nn/a.cpp '"kernels.hpp"' 'an include names its floor' 'path from src/'

reset
mkdir "$tree/src/attic"
echo '// x' >"$tree/src/attic/a.cpp"
output=$("$scripts/lint_floors.py" "$tree")
[[ $? == 1 && $output == *"'attic' is no floor"* ]]
result $? 'a folder that is no floor fails' "$output"

reset
for ((i = 0; i <= 60; i++)); do echo '// x' >"$tree/src/base/a$i.cpp"; done
output=$("$scripts/lint_floors.py" "$tree")
[[ $? == 1 && $output == *"src/base: 62 files"* ]]
result $? 'a folder past 60 files fails' "$output"

reset
for ((i = 0; i <= 500; i++)); do echo '// x'; done >"$tree/src/base/a.cpp"
output=$("$scripts/lint_floors.py" "$tree")
[[ $? == 1 && $output == *"src/base/a.cpp:501: 501 lines"* ]]
result $? 'a file past 500 lines fails' "$output"

# style EXPECT(0|1) FILE CONTENT NAME PATTERN
style() {
  reset
  mkdir -p "$(dirname "$tree/$2")"
  printf '%b' "$3" >"$tree/$2"
  local output status
  output=$(echo "$2" | "$scripts/lint_style.py" "$tree")
  status=$?
  [[ $status == "$1" && $output == *"${5:-}"* ]]
  result $? "$4" "$output"
}

long=$(printf 'x%.0s' {1..101})
host="registry.npm""js.org"
style 0 src/base/a.cpp '// fine\nint a;\n' 'a clean file passes'
style 1 src/base/a.cpp "// $long\n" 'a long line fails' 'more than 100'
style 0 src/base/a.cpp "// a\nauto a = R\"x(\n$long\n)x\";\n" 'a long line in a raw string passes'
style 1 src/base/a.cpp "// a\nauto a = R\"(b)\";\nint $long;\n" 'a long line after a raw string fails' 'a.cpp:3'
style 1 src/base/a.cpp '// a \nint a;\n' 'trailing white space fails' 'a.cpp:1: trailing'
style 1 src/base/a.cpp '// a\r\n' 'CRLF fails' 'carriage return'
style 1 src/base/a.cpp '// a\n\tint a;\n' 'a tab fails' 'a.cpp:2: tab'
style 1 src/base/a.cpp 'int a;\n' 'a file without an opening comment fails' 'start with a comment'
style 1 src/base/a.hpp '// a\nint a;\n' 'a header without pragma once fails' 'pragma once'
style 1 src/base/a.cpp '// TODO later\n' 'a TODO nobody owns fails' 'docs/roadmap.md'
style 1 src/base/a.cpp '// TODO(world peace) later\n' 'a TODO of no known entry fails' 'docs/roadmap.md'
style 0 src/base/a.cpp '// TODO(fine-tuning) later\n' 'a TODO of the roadmap passes'
style 1 src/base/a.cpp '// a' 'a missing last newline fails' 'no newline'
style 1 web/package-lock.json "{\"resolved\": \"https://$host/x\"}\n" 'a registry host fails' 'registry'
style 1 src/base/a.cpp '// a\nstd::map<const Turn*, int> a;\n' 'a map sorted by address fails' 'a.cpp:2: sorted by address'
style 1 src/base/a.cpp '// a\nstd::set<chat::Turn *> a;\n' 'a set sorted by address fails' 'sorted by address'
style 0 src/base/a.cpp '// a\nstd::map<std::string, Turn*> a;\n' 'a map to addresses passes'
style 1 src/base/a.cpp '// a\nstd::unordered_map<int, Pair<int>> a_;\nfor (const auto& x : a_) f(x);\n' \
  'a loop over an unordered map fails' 'a.cpp:3: a loop over an unordered'
style 1 src/base/a.cpp '// a\nusing Seen = std::unordered_set<int>;\nvoid f(const Seen& seen) {\n  for (int x : seen) g(x);\n}\n' \
  'nor does another name hide it' 'a.cpp:4: a loop over an unordered'
style 0 src/base/a.cpp '// a\nstd::unordered_map<int, int> a_;\n// any order: a sum\nfor (const auto& x : a_) s += x.second;\n' \
  'a loop that says why its order does not matter passes'
style 0 src/base/a.cpp '// a\nstd::unordered_map<int, int> a_;\nfor (const auto& x : b_) f(x);\n' 'a loop over something else passes'
style 1 src/base/a.cpp '// a\nnlohmann::json a;\n' 'a JSON that sorts fails' 'write Json'
style 1 src/base/a.cpp '// a\nauto a = Json::parse(text);\n' 'JSON read without limits fails' 'parse_json'
style 0 src/base/a_test.cpp '// a\nauto a = Json::parse(text);\n' 'a test may'
style 0 docs/a.md "$long\n" 'prose may be long'

# paths EXPECT(0|1) CONTENT NAME
paths() {
  reset
  mkdir -p "$tree/tests/fixtures"
  printf '%b' "$2" >"$tree/tests/fixtures/a.model"
  local output status
  output=$(echo tests/fixtures/a.model | "$scripts/lint_paths.py" "$tree")
  status=$?
  [[ $status == "$1" ]] && { [[ $1 == 0 ]] || [[ $output == *"a.model: byte "* ]]; }
  result $? "$3" "$output"
}
paths 0 '\0\x0acorpus.txt\x12' 'a fixture with names alone passes'
paths 1 '\x0a\x10/ho''me/ann/corpus.txt' 'a home in it fails'
paths 1 'x "/Us''ers/ann" y' 'so does one of macOS'
paths 1 '\0/ro''ot/a' 'or the administrator'"'"'s'
paths 1 '\xff/t''mp/model' 'or a temporary folder'
paths 1 'C:\\Us''ers\\ann' 'or a drive'
paths 1 '{"file": "C:\\\\Us''ers\\\\ann"}' 'also as JSON writes it'
paths 0 'https://example.com/ho''me/a </tmp/> ../ho''me/a' 'addresses, tags and relative paths pass'

# names EXPECT(0|1) NAME FILE TEXT FILE TEXT: of two files and what they hold
names() {
  reset
  printf '%s\n' "$4" >"$tree/src/$3"
  printf '%s\n' "$6" >"$tree/src/$5"
  local output status
  output=$("$scripts/lint_names.py" "$tree")
  status=$?
  if [[ $1 == 0 ]]; then
    result "$status" "$2" "$output"
  else
    [[ $status == 1 && $output == *"src/$5:"* ]]
    result $? "$2" "$output"
  fi
}
own() { printf 'namespace {\n%s\n}  // namespace\n' "$1"; }
names 0 'names of their own pass' chat/a.cpp "$(own 'int count(int x) {')" chat/b.cpp "$(own 'int size(int x) {')"
names 1 'one function name in two files fails' chat/a.cpp "$(own 'int count(int x) {')" chat/b.cpp "$(own 'long count() {')"
names 1 'so does a constant' chat/a.cpp "$(own 'constexpr int kMost = 1;')" chat/b.cpp "$(own 'constexpr int kMost = 2;')"
names 1 'and a type' chat/a.cpp "$(own 'struct Row {')" chat/b.cpp "$(own 'class Row {')"
names 0 'in another floor it may have it' chat/a.cpp "$(own 'struct Row {')" data/b.cpp "$(own 'struct Row {')"
names 1 'a test has a namespace of its own' chat/a.cpp '' chat/b_test.cpp "$(own 'struct Row {')"
names 0 'called as its file' chat/a_test.cpp $'namespace a_test {\nint count() {' chat/b_test.cpp $'namespace b_test {\nint count() {'

echo "$passed passed, $failed failed"
((failed == 0))
