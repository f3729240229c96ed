#!/usr/bin/env python3
"""House rules that clang-format cannot see. Reads file names from standard input, one a line.

  columns   C++ lines of at most 100 columns (clang-format leaves long words alone); the inside of a raw
            string is somebody else's language and exempt
  space     no trailing white space, no tabs (Makefiles aside), a newline at the end, LF line ends
  opening   a C++ file starts with a comment, an include or a pragma; a header has '#pragma once'
  todo      an open point names its entry in docs/roadmap.md: TODO(entry)
  order     nothing is ordered by its address: no map or set sorted by pointers, and a loop over an unordered
            container says why its order shows nowhere: // any order: WHY
  json      outside JSON comes through base/json: no other nlohmann type, no Json::parse (tests aside)
  hosts     no package registry's address: where packages come from is the machine's business
"""
import pathlib
import re
import sys

CPP = {".cpp", ".hpp", ".inl"}
TEXT = CPP | {".py", ".sh", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", ".ts", ".tsx", ".mjs", ".js",
              ".css", ".html", ".debian12", ".sql", ".svg", ""}
KEPT_AS_IS = re.compile(r"(^|/)(corpus|snapshots|fixtures|testdata)/|package-lock\.json$|(^|/)LICENSE$")
# Written in pieces, so that this file passes its own rule.
HOSTS = re.compile("|".join(re.escape(name) + r"\.(?:org|com|io|net|dev)" for name in (
    "registry.npm" + "js", "npm" + "js", "registry.yarn" + "pkg", "deb." + "debian", "security." + "debian",
    "snapshot." + "debian", "py" + "pi", "pythonhos" + "ted", "crates", "deb.node" + "source", "npm" + "mirror")))
RAW = re.compile(r'R"([^()\s"\\]{0,16})\(')
TODO = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?:\(([^)]*)\))?")

SORTED_BY_ADDRESS = re.compile(r"\b(?:multi)?(?:map|set)<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*\s*(?:const\s*)?[,>]")
UNORDERED = r"unordered_(?:multi)?(?:map|set)<"
ALIAS = re.compile(r"\busing (\w+) =\s*(?:std::)?" + UNORDERED)
NAME = r"[&*]*\s+([a-z]\w*)\s*(?:[;=,){]|$)"
LOOP = re.compile(r"\bfor \([^;]*[^:]:\s*\*?(?:this->)?(?:\w+(?:\.|->))*(\w+)\)")
ANY_ORDER = "// any order: "
OTHER_JSON = re.compile(r"\bnlohmann::|\bJson::parse\(")


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def roadmap_entries(root):
    roadmap = root / "docs" / "roadmap.md"
    if not roadmap.exists():
        return set()
    headings = re.findall(r"^(?:#+|- \*\*)\s*(.+?)(?:\*\*.*)?$", roadmap.read_text(encoding="utf-8"), re.M)
    return {slug(heading) for heading in headings}


def unordered_names(text):
    """The variables of a C++ file that are unordered containers, as far as a line declares each."""
    declared = [re.compile(rf"\b{alias}\b" + NAME) for alias in ALIAS.findall(text)]
    names = set()
    for line in text.split("\n"):
        found = re.search(UNORDERED, line)
        names.update(re.findall(">" + NAME, line[found.end():]) if found else [])
        for each in declared:
            names.update(each.findall(line))
    return names


def order_problems(path, lines):
    """Yields (line, message): what is ordered by addresses or by a hash."""
    unordered = unordered_names("\n".join(lines))
    header = path.with_suffix(".hpp")
    if path.suffix != ".hpp" and header.exists():
        unordered |= unordered_names(header.read_text(encoding="utf-8"))
    for number, line in enumerate(lines, 1):
        if SORTED_BY_ADDRESS.search(line):
            yield number, "sorted by address: order by what does not change from run to run"
        loop = LOOP.search(line)
        if loop and loop[1] in unordered and ANY_ORDER not in line and ANY_ORDER not in lines[number - 2]:
            yield number, f"a loop over an unordered container: sort, or say why not: {ANY_ORDER}WHY"


def check(root, name, entries):
    """Yields (line, message)."""
    path = root / name
    raw = path.read_bytes()
    if b"\0" in raw[:4096]:
        return
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if not KEPT_AS_IS.search(name):
            yield 1, f"not UTF-8 at byte {error.start}"
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if HOSTS.search(line):
            yield number, "names a package registry's host"
    if KEPT_AS_IS.search(name):
        return
    is_cpp = path.suffix in CPP
    raw_end = None  # what closes the raw string that this line starts inside
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "carriage return" if line.endswith("\r") else "trailing white space"
        if "\t" in line and path.name not in {"Makefile", ".gitmodules"} and path.suffix not in {".tsv", ".csv"}:
            yield number, "tab character"
        in_raw = raw_end is not None
        at = 0
        while is_cpp:
            if raw_end is not None:
                at = line.find(raw_end, at)
                if at < 0:
                    break
                at, raw_end = at + len(raw_end), None
            opened = RAW.search(line, at)
            if not opened:
                break
            in_raw, at, raw_end = True, opened.end(), f'){opened[1]}"'
        if is_cpp and len(line) > 100 and not in_raw:
            yield number, f"{len(line)} columns, more than 100"
        if is_cpp or path.suffix in {".py", ".sh", ".ts", ".tsx", ".mjs", ".cmake"}:
            for found in TODO.finditer(line):
                if name.startswith("scripts/lint_"):
                    continue
                if not found[1] or slug(found[1]) not in entries:
                    yield number, f"{found[0]} without an entry of docs/roadmap.md: write TODO(entry)"
    if is_cpp and name.startswith("src/"):
        yield from order_problems(path, lines)
        if not re.search(r"^src/base/json|_test|test_", name):
            for number, line in enumerate(lines, 1):
                if OTHER_JSON.search(line):
                    yield number, "write Json and parse_json (base/json.hpp), which keep order and limits"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end of the file"
    if is_cpp:
        opening = next((line for line in lines if line.strip()), "")
        if not re.match(r"\s*(//|/\*|#\s*include|#\s*pragma)", opening):
            yield 1, "start with a comment that says what the file is for, or with an include"
        if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.M):
            yield 1, "a header needs '#pragma once'"


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else ".")
    entries = roadmap_entries(root)
    files = problems = 0
    for name in sys.stdin.read().split("\n"):
        if not name or pathlib.Path(name).suffix not in TEXT or not (root / name).is_file():
            continue
        files += 1
        for line, message in check(root, name, entries):
            print(f"{name}:{line}: {message}")
            problems += 1
    print(f"style: {files} files, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
