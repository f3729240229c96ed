#!/usr/bin/env python3
"""Writes the files of a folder into a C++ source: embed_files.py FOLDER FUNCTION OUTPUT

The source defines parley::web::FUNCTION(), the files of a bundle (src/web/embedded.hpp). Bytes are written as string
literals, which compile about a hundred times faster than a list of numbers and need no assembler. The output depends on
the files alone, and is left untouched when nothing has changed.
"""
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
LINE = 90  # bytes in a literal; compilers join neighbouring literals


def literal(data: bytes) -> str:
    """C++ string literals for any bytes. Octal escapes have at most three digits, so nothing after one can join it."""
    escapes = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x3F: "\\?"}  # no trigraphs
    lines = []
    for start in range(0, len(data), LINE):
        piece = data[start : start + LINE]
        lines.append(
            '    "' + "".join(escapes.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\{b:03o}") for b in piece) + '"'
        )
    return "\n".join(lines) or '    ""'


def main() -> int:
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    folder, function, output = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        print(f"error: there are no files in {folder}\nhint: build the page first (npm run build)", file=sys.stderr)
        return 1
    contents, entries = [], []
    for number, path in enumerate(files):
        name = path.relative_to(folder).as_posix()
        if path.suffix not in TYPES:
            print(f"error: {path}: no content type is known for '{path.suffix}'\n"
                  f"hint: add it to TYPES in cmake/embed_files.py", file=sys.stderr)
            return 1
        data = path.read_bytes()
        contents.append(f"constexpr char kContent{number}[] =  // {name}\n{literal(data)};\n")
        entries.append(
            f'    {{"{name}", "{TYPES[path.suffix]}",\n     std::string_view(kContent{number}, {len(data)})}},\n'
        )
    source = (
        f"// Made by cmake/embed_files.py from {folder.parent.name}/{folder.name}; do not edit.\n"
        '#include "web/embedded.hpp"\n\nnamespace parley::web {\nnamespace {\n\n'
        + "\n".join(contents)
        + f"\nconstexpr EmbeddedFile kFiles[] = {{\n{''.join(entries)}}};\n\n}}  // namespace\n\n"
        + f"std::span<const EmbeddedFile> {function}() {{ return kFiles; }}\n\n}}  // namespace parley::web\n"
    )
    if not output.exists() or output.read_text() != source:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
