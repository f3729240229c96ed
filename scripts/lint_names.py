#!/usr/bin/env python3
"""Fails on a name that two files of a floor could take from each other: under the sanitizers, and for tests always,
several files are one compilation (cmake/precompiled.cmake).

  - what a file of src/FLOOR/ keeps to itself in a namespace without a name is called like nothing that another
    file of the floor keeps to itself;
  - a test file keeps what is its own in a namespace of its own name, so that tests may call helpers what they like.
Files with instruction sets of their own are compiled alone, and exempt from the first.

usage: lint_names.py [ROOT]     ROOT holds src/; default: the repository
"""
import collections
import pathlib
import re
import sys

ALONE = re.compile(r"src/(nn/kernels/(kernels|pack_tile|vector)_|train/fast/)")
OTHERS = re.compile(r"_(fuzz|main|test_support)\.cpp$")  # programs of one file, and libraries of few
TYPE = re.compile(r"(?:template <.*> )?(?:class|struct|enum class|enum) (\w+)\b(?!.*;\s*$)")
ALIAS = re.compile(r"using (\w+) =")
VALUE = re.compile(r"(?:inline |static |constexpr |const )+[\w:<>,&*\s]*?\b(\w+)(?:\[.*\])? ?=")
FUNCTION = re.compile(r"(?:\[\[\w+\]\] )?(?:inline |static |constexpr |const )*[A-Za-z_][\w:<>,&*\s]*?[ &*](\w+)\(")


def own_names(lines):
    """(line number, name) of what stands in namespaces without a name."""
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith("namespace {"):
            inside = True
        elif line.startswith("}  // namespace") and not line[len("}  // namespace"):].strip():
            inside = False
        elif inside and line[:1].strip() and line[0] not in "}/#":
            found = TYPE.match(line) or ALIAS.match(line) or VALUE.match(line) or FUNCTION.match(line)
            if found:
                yield number, found[1]


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else pathlib.Path(__file__).resolve().parent.parent)
    problems = files = 0
    kept = collections.defaultdict(dict)  # floor → name → (file, line)
    for path in sorted((root / "src").rglob("*.cpp")):
        shown = path.relative_to(root).as_posix()
        floor = shown.split("/")[1]
        lines = path.read_text(encoding="utf-8").split("\n")
        files += 1
        if shown.endswith("_test.cpp"):
            for number, line in enumerate(lines, 1):
                if line.startswith("namespace {"):
                    print(f"{shown}:{number}: call it 'namespace {path.stem} {{': other tests are compiled with it")
                    problems += 1
        elif not ALONE.match(shown) and not OTHERS.search(shown):
            for number, name in own_names(lines):
                first = kept[floor].setdefault(name, (shown, number))
                if first[0] != shown:
                    print(f"{shown}:{number}: '{name}' is also what {first[0]}:{first[1]} keeps to itself; "
                          "call one of them something else, or write it once")
                    problems += 1
    print(f"names: {files} files, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
