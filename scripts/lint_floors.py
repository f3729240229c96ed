#!/usr/bin/env python3
"""Fails on an include that points up the floors, or from one room to the next on the same floor.

The floors, from the top, are docs/architecture.md's. A file in src/FLOOR may include its own floor
and every floor below. Beyond that:
  - two floors on one line of FLOORS stand side by side and may not include each other;
  - only cli/ includes settings/, the whole of parley.yaml; a floor takes the sections it needs. Each floor describes its
    own in FLOOR/settings.hpp (SETTINGS), which settings/ and cli/ include, and no other floor;
  - src/train/ is a program of its own: nothing else includes it, but that program's main in src/cli/ (and its settings, above);
  - src/web/ (the embedded pages) is a leaf: it includes base/ only, and only cli/ and server/ include it;
  - torch, SQL and HTTP serving are each known to one floor or room, and so is what tells a model's forms apart (OWNERS);
  - a folder holds at most MAX_FILES files, a file at most MAX_LINES lines: past that it is two.
Test and fuzz files obey the same rules.

usage: lint_floors.py [ROOT]     ROOT holds src/; default: the repository
"""
import pathlib
import re
import sys

FLOORS = [  # from the top; names on one line stand side by side
    ["cli"],
    ["settings"],
    ["server"],
    ["eval", "channels"],
    ["chain", "recommend", "story", "know"],
    ["chat"],
    ["train"],
    ["data", "store"],
    ["dialogue"],
    ["engine"],
    ["package"],
    ["constraint"],
    ["nn"],
    ["prompt"],
    ["message"],
    ["tokenizer"],
    ["text"],
    ["base"],
]
MAX_FILES, MAX_LINES = 60, 500
HEIGHT = {name: len(FLOORS) - line for line, names in enumerate(FLOORS) for name in names}
TRAIN_PROGRAM = "src/cli/parley_train_main.cpp"
SETTINGS = re.compile(r"^(\w+)/(?:run/)?settings\.hpp$")
SETTINGS_USERS = {"cli", "settings"}
LEAF = "web"
LEAF_USERS = {"cli", "server", LEAF}
OWNERS = [  # headers that only these floors or rooms may name
    (re.compile(r"^(torch|ATen|c10|caffe2)/"), ["train"], "only train/ knows torch"),
    (re.compile(r"^(soci/|soci\.h|sqlite3\.h|libpq)"), ["store/sql"], "only store/sql/ knows SQL"),
    (re.compile(r"^boost/beast"), ["server"], "only server/ knows HTTP serving"),
    (re.compile(r"^nn/files/(gguf|weight_files|weights_hash)"), ["nn", "package"],
     "only package/ tells a model's forms apart"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".cpp", ".hpp", ".inl", ".h", ".cc"}


def problem_with(shown, floor, quote, target):
    """What is wrong with the file `shown` of `floor` including `target`, or None."""
    first = target.split("/")[0]
    known = first in HEIGHT or first == LEAF
    for pattern, owners, why in OWNERS:
        if pattern.match(target) and not any(shown.startswith(f"src/{owner}/") for owner in owners):
            return f"{why}; {floor}/ must go through it"
    if "/" not in target or not known:
        if quote == '"':
            return "write a path from src/, such as \"base/error.hpp\""
        return None
    if first == floor:
        return None
    if first == LEAF:
        return None if floor in LEAF_USERS else "only cli/ and server/ may include web/"
    if floor == LEAF:
        return None if first == "base" else "web/ may include base/ only"
    if SETTINGS.match(target):
        return None if floor in SETTINGS_USERS else f"{first}/'s settings are its own: only settings/ and cli/ may include them"
    if first == "train":
        return None if shown == TRAIN_PROGRAM else "nothing but src/train may include train/, except its settings"
    if HEIGHT[first] > HEIGHT[floor]:
        return f"{first}/ is above {floor}/: an include may only point down the floors"
    if HEIGHT[first] == HEIGHT[floor]:
        return f"{first}/ stands beside {floor}/: neither may include the other"
    return None


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parent.parent)
    source = root / "src"
    if not source.is_dir():
        print(f"{source}: no such folder")
        return 2
    files = problems = includes = 0
    for folder in sorted(path for path in source.rglob("*") if path.is_dir()):
        count = sum(path.is_file() for path in folder.iterdir())
        if count > MAX_FILES:
            print(f"{folder.relative_to(root)}: {count} files, more than {MAX_FILES}: make two rooms of it")
            problems += 1
    for path in sorted(source.rglob("*")):
        if path.suffix not in SOURCES:
            continue
        files += 1
        shown = path.relative_to(root)
        floor = path.relative_to(source).parts[0]
        if floor not in HEIGHT and floor != LEAF:
            print(f"{shown}:1: '{floor}' is no floor; add it to FLOORS in scripts/lint_floors.py and "
                  "to docs/architecture.md")
            problems += 1
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_LINES:
            print(f"{shown}:{len(lines)}: {len(lines)} lines, more than {MAX_LINES}: make two files of it")
            problems += 1
        for number, line in enumerate(lines, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            includes += 1
            wrong = problem_with(shown.as_posix(), floor, found[1], found[2])
            if wrong:
                print(f"{shown}:{number}: includes \"{found[2]}\": {wrong}")
                problems += 1
    print(f"floors: {includes} includes in {files} files, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
