#!/usr/bin/env python3
"""Fails on a file that holds a path of the machine it was made on: what programs write into a fixture beside what it is
for, such as the options of its training. Reads file names from standard input, one a line, and every byte of those
files; the tests' data is what ./dev lint gives it.

usage: lint_paths.py [ROOT]     ROOT is what the names are below; default: the repository
"""
import pathlib
import re
import sys

# The first folders of systems, at the start of a path: not in the middle of another, nor of an address or a tag.
PLACE = re.compile(rb"(?<![A-Za-z0-9_.<\]:/-])/(?:home|Users|root|tmp|private|var|opt|mnt|media|srv|workspace|work|builds?)"
                   rb"/[A-Za-z0-9_.~-]+"
                   rb"|(?<![A-Za-z0-9])[A-Za-z]:\\+[A-Za-z_][\w.-]*")


def main(arguments):
    root = pathlib.Path(arguments[0] if arguments else ".")
    files = problems = 0
    for name in sys.stdin.read().split("\n"):
        if not name or not (root / name).is_file():
            continue
        files += 1
        found = PLACE.search((root / name).read_bytes())
        if found:
            problems += 1
            print(f"{name}: byte {found.start()}: a path of a machine, {found[0].decode()}: write the file without it")
    print(f"paths: {files} files, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
