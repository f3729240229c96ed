#!/usr/bin/env python3
"""Compares Parley's templates with Python's Jinja2 in transformers' setting, byte for byte.

usage: reference.py RENDER FOLDER [--expressions N] [--seed S] [--record]

RENDER is the program jinja_render. FOLDER holds templates/*.jinja and conversations.json; each template is
rendered with each conversation, and N random expressions with random values. Where Jinja2 raises, Parley
must refuse. --record writes FOLDER/expected.json, which the unit tests read, from what Jinja2 gives.
"""
import argparse
import copy
import datetime
import json
import pathlib
import random
import re
import subprocess
import sys
import warnings

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

NOW = datetime.datetime(2024, 9, 18)  # what jinja_render takes for the time


class Generation(jinja2.ext.Extension):
    """{% generation %}: prints its body and remembers where."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("show"), [], [], body).set_lineno(line)

    def show(self, caller):
        text = caller()
        GENERATED.append(text)
        return text


GENERATED = []  # what the {% generation %} blocks of the last rendering wrote


class Refused(Exception):
    pass


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
    )

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    def raise_exception(message):
        raise Refused(message)

    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


class Render:
    """The program under test: one request a line."""

    def __init__(self, program):
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __call__(self, template, variables):
        request = json.dumps({"template": template, "variables": variables})
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"error: the program died on {request}")
        return json.loads(answer)


def reference(env, template, variables):
    """{"text": …} or {"error": …}, as Jinja2 has it."""
    GENERATED.clear()
    try:
        return {"text": env.from_string(template).render(**copy.deepcopy(variables))}
    except Exception as error:  # whatever Python raises inside a template
        return {"error": f"{type(error).__name__}: {error}"}


# --- random expressions -------------------------------------------------------------------------

VALUES = {
    "i": [0, 1, 2, 3, 7, -1, -5, 10, 100, 1234],
    "f": [0.0, 1.0, -2.5, 0.1, 1e15, 1e-7, 3.14159, 2.5, 1234567.891],
    "s": ["", "a", "Hello World", "  pad  ", "a,b,,c", "straße ÉÀ", "日本語 text", "l1\nl2\r\nl3", "it's \"q\"",
          "aXbXc", "ABC", "abc", "12", " 42 ", "-7", "3.5", "tab\there", "ǅungla ŉ ﬁ", "x" * 30, "a-b (c) <d> & 'e'"],
    "l": [[], [1, 2, 3], ["b", "A", "c", "a"], [3, 1, 2, 3, 1], [[1, 2], [3]], [None, True, 1.5, "x"],
          [{"n": "z", "v": 1}, {"n": "a", "v": 2}, {"n": "Z", "v": 1}], ["x"]],
    "d": [{}, {"a": 1, "b": 2}, {"z": "1", "B": [1], "a": None}, {"items": 5, "get": 6, "k y": 7}],
    "t": [True], "n": [None],
}
FILTERS = [
    "upper", "lower", "capitalize", "title", "trim", "trim('x')", "length", "string", "list", "first", "last",
    "join", "join(', ')", "join('-', 'n')", "int", "int(5)", "int(0, 16)", "float", "float(1.5)", "abs", "round",
    "round(1)", "round(2, 'floor')", "round(-1)", "round(1, 'ceil')", "sort", "sort(reverse=true)",
    "sort(case_sensitive=true)", "sort(attribute='n')", "sort(attribute='v,n')", "unique|list", "reverse",
    "reverse|list", "sum", "sum(start=5)", "sum('v')", "min", "max", "max(attribute='v')", "tojson",
    "tojson(indent=2)", "tojson(indent=4, sort_keys=true)", "tojson(true)", "tojson(separators=(',', ':'))",
    "items|list", "dictsort", "dictsort(by='value')", "dictsort(true, reverse=true)", "default('dflt')",
    "default('dflt', true)", "d(1)", "map('upper')|list", "map(attribute='n')|list", "map('length')|join(',')",
    "map(attribute='q', default='none')|list", "select|list", "select('odd')|list", "reject('none')|list",
    "select('string')|list", "selectattr('v', 'equalto', 1)|list", "rejectattr('n')|list",
    "selectattr('q', 'undefined')|list", "groupby('v')|list", "groupby('n')|map('first')|list", "batch(2)|list",
    "batch(2, 'f')|list", "slice(2)|list", "slice(3, 'f')|list", "indent", "indent(2, true)", "indent('> ', true, true)",
    "replace('a', 'QQ')", "replace('', '.')", "replace('l', '', 1)", "truncate(5)", "truncate(10, true, '~')",
    "truncate(6, false, '..', 0)", "wordcount", "center(20)", "escape", "e", "safe", "format(1)",
    "count", "attr('x')", "forceescape", "string|length",
]
TESTS = [
    "defined", "undefined", "none", "string", "mapping", "sequence", "iterable", "number", "integer", "float",
    "boolean", "true", "false", "odd", "even", "divisibleby(3)", "divisibleby 2", "eq(1)", "eq 'a'", "ne 1", "lt 2",
    "gt 2", "le(3)", "ge 3", "equalto 1", "in [1, 2, 'a']", "in('abc')", "callable", "lower", "upper", "sameas none",
    "sameas(true)", "not none", "not string", "not defined", "== 1", "filter", "test", "escaped", "greaterthan(1)",
]
METHODS = [
    "strip()", "strip('xa')", "lstrip()", "rstrip('c')", "split()", "split(',')", "split(',', 1)", "split('X')[-1]",
    "rsplit(None, 1)", "rsplit('b', 1)", "splitlines()", "splitlines(true)", "startswith('a')", "endswith(('c', 'd'))",
    "startswith('l', 3)", "upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "replace('a', 'b')",
    "replace('l', 'L', 1)", "replace('', '-')", "find('l')", "rfind('l')", "find('')", "index('a')", "count('l')", "count('')",
    "join(['p', 'q'])", "format(1, 'z', k=3)", "isdigit()", "isalpha()", "isalnum()", "isspace()", "isupper()", "islower()",
    "istitle()", "isnumeric()", "isdecimal()", "isascii()", "removeprefix('a')", "removesuffix('c')", "zfill(6)",
    "ljust(8, '.')", "rjust(8)", "center(9, '*')", "partition('X')", "rpartition('b')", "expandtabs(4)",
    "items()", "keys()", "values()", "get('a')", "get('q', 5)", "items()|list", "keys()|list", "copy()", "append(1)", "pop()",
    "index(3)", "count(1)", "update({})", "isprintable()", "split(' ')", "rsplit()", "split(maxsplit=1)",
    "split(',', maxsplit=1)", "rsplit(',', 1)[0]", "rsplit('X', 1)|last", "split('X', 0)", "split(None, 2)", "split(',', -1)",
    "rsplit(sep='b', maxsplit=1)", "split('X')|first", "lstrip('\\n').rstrip('\\n')", "extend([1])", "insert(0, 1)", "remove(1)",
    "sort()", "reverse()", "clear()", "setdefault('a', 1)", "popitem()", "isidentifier()", "items()|length", "values()|list|first",
]
# Statements around expressions, each in place of a @.
STATEMENTS = [
    "{% for x in @ %}{{ loop.index }}{{ x }}{% if loop.index > 2 %}{% break %}{% endif %}{% else %}none{% endfor %}",
    "{% for x in @ if x %}{% if loop.first %}{% continue %}{% endif %}{{ loop.revindex0 }}{{ loop.previtem }}{{ x }}{% endfor %}",
    "{% for x in @ %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x) }}{{ loop.nextitem is defined }}{{ loop.length }}{% endfor %}",
    "{% for k, v in @|items %}{{ k }}={{ v|tojson }};{% endfor %}",
    "{% for k, v in @.items() %}{{ k }}{{ loop.last }}{% endfor %}",
    "{% set ns = namespace(a=@, n=0) %}{% for x in ns.a %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{{ ns.a }}",
    "{% set x %}{{ @ }}{% endset %}{{ x|length }}{{ x }}",
    "{% set x | upper %}{{ @ }}{% endset %}{{ x }}",
    "{% set a, b = @ %}{{ a }}{{ b }}",
    "{% set x = @|items %}{{ x is defined }}",
    "{% macro m(a, b=@) %}{{ a }}{{ b }}{{ varargs|length }}{{ kwargs|length }}{% endmacro %}{{ m(@) }}{{ m(1, 2, 3, k=4) }}",
    "{% macro m() %}<{{ caller(@) }}>{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}",
    "{% with a = @ %}{{ a }}{% endwith %}{{ a is defined }}",
    "{% filter upper %}{{ @ }}{% endfilter %}",
    "{% if @ %}a{% elif @ %}b{% else %}c{% endif %}",
    "{% generation %}{{ @ }}{% endgeneration %}",
    "{% for x in @ recursive %}{{ loop.depth }}{{ loop(x) if x is sequence and x is not string }}{% endfor %}",
    "{{ [@, @]|map('string')|join('|') }}",
    "{{ dict(a=@, b=1).items()|list }}",
    "{%- if @ is mapping -%} m {%- elif @ is iterable -%} i {%- endif -%}",
]
FORMATS = [
    "'%s'", "'%r'", "'%d'", "'%5s|'", "'%-6s|'", "'%05d'", "'%+d'", "'%.2f'", "'%8.3f'", "'%e'", "'%g'", "'%x'", "'%X'", "'%#x'",
    "'%o'", "'%c'", "'%%'", "'%.2s'", "'%i'", "'% d'", "'%-8.2f|'", "'%.3d'",
]
BRACES = [
    "'{}'", "'{0}{0}'", "'{:>8}'", "'{:<8}|'", "'{:^8}|'", "'{:*^9}'", "'{:05d}'", "'{:,}'", "'{:.2f}'", "'{:,.2f}'", "'{:+}'",
    "'{:x}'", "'{:#b}'", "'{:e}'", "'{:g}'", "'{:.3}'", "'{:%}'", "'{!r}'", "'{!s:>6}'", "'{{}}{}'", "'{:_}'", "'{:08.2f}'", "'{:.0f}'",
    "'{:=6}'", "'{:010,}'", "'{0.x}'", "'{0[a]}'", "'{:c}'", "'{:s}'", "'{:d}'", "'{:n}'",
]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "~", "+"]


class Expressions:
    def __init__(self, rng):
        self.rng = rng

    def variable(self):
        return self.rng.choice(["i", "f", "s", "l", "d", "t", "n", "s", "l", "missing", "j", "s2"])

    def literal(self):
        return self.rng.choice(
            ["0", "1", "2", "-3", "1.5", "''", "'abc'", "\"it's\"", "'a' 'b'", "[]", "[1, 'a', none]", "(1, 2)", "(1,)", "()",
             "{'a': 1, 'b': [2]}", "{1: 'x', 2.0: 'y'}", "true", "false", "none", "range(4)", "range(5, 0, -2)", "'\\n\\t\\\\'", "1_000", "0x1F",
             "1e3", "'\\u00e9'", "[[1, 2], [3, 4]]", "dict(a=1)", "'%s-%s'", "'X'"]
        )

    def index(self):
        return self.rng.choice(
            ["[0]", "[-1]", "[1:]", "[:-1]", "[::-1]", "[1:3]", "[::2]", "[-2:]", "['a']", "['items']", "[i]", "[9]", "[5:1:-2]", "[:0]", ".a",
             ".items", ".x", ".0", "[none]", "['n']", "[0].n", "[-100:100]", "[::-3]"]
        )

    def make(self, depth):
        rng = self.rng
        if depth <= 0:
            return self.variable() if rng.random() < 0.7 else self.literal()
        kind = rng.randrange(16)
        inner = lambda: self.make(depth - 1 - rng.randrange(2))
        if kind < 4:
            return f"({inner()} {rng.choice(OPERATORS)} {inner()})"
        if kind == 4:
            return f"{inner()} {rng.choice(OPERATORS)} {inner()}"
        if kind < 8:
            return f"({inner()})|{rng.choice(FILTERS)}"
        if kind == 8:
            return f"({inner()} is {rng.choice(TESTS)})"
        if kind == 9:
            return f"({inner()}).{rng.choice(METHODS)}"
        if kind == 10:
            return f"({inner()}){self.index()}"
        if kind == 11:
            return f"({inner()} if {inner()} else {inner()})"
        if kind == 12:
            return rng.choice(["not {}", "-{}", "+{}", "[{}]", "({},)", "{{'k': {}}}", "({})"]).format(inner())
        if kind == 13:
            return f"({rng.choice(FORMATS)} % {inner()})"
        if kind == 14:
            return f"{rng.choice(BRACES)}.format({inner()})"
        return f"({inner()} {rng.choice(['<', '==', '<=', '!='])} {inner()} {rng.choice(['<', '==', '>', 'in'])} {inner()})"

    def case(self):
        """An expression without towers of powers, which Python's unbounded integers would never end."""
        while True:
            template, variables = self.any_case()
            if "-3 **" in template:  # Jinja2 leaves this to Python, which binds ** tighter than the sign
                continue
            if template.count("**") < 2 and not ("**" in template and "*" in template.replace("**", "")):
                return template, variables

    def any_case(self):
        rng = self.rng
        variables = {name: rng.choice(values) for name, values in VALUES.items()}
        variables["j"] = rng.choice(VALUES["i"])
        variables["s2"] = rng.choice(VALUES["s"])
        if rng.random() < 0.2:
            parts = rng.choice(STATEMENTS).split("@")
            return parts[0] + "".join(f"({self.make(rng.randrange(0, 3))}){part}" for part in parts[1:]), variables
        return "{{ " + self.make(rng.randrange(1, 4)) + " }}", variables


def beyond(text):
    """What Parley leaves out on purpose: integers of more than 64 bits and the names of Python's objects."""
    if any(word in text for word in ("<built-in", "<bound", "<generator", "<function", "<class", " at 0x", "<reversed", "_iterator object")):
        return True
    digits = 0
    for c in text:
        digits = digits + 1 if c.isdigit() else 0
        if digits > 18:
            return True
    return False


# Integers beyond 64 bits; changing a list, which some versions of Jinja2 let through; slices of numbers, which
# Jinja2 takes for undefined in constants and for errors elsewhere.
REFUSED_ON_PURPOSE = ("64 bits", "too large", "may not be used", "cannot be sliced", "no real power")


def compare_expressions(env, render, count, seed):
    rng = random.Random(seed)
    expressions = Expressions(rng)
    equal = refused = skipped = 0
    failures = []
    for _ in range(count):
        template, variables = expressions.case()
        expected = reference(env, template, variables)
        actual = render(template, variables)
        if "text" in expected and beyond(expected["text"]):
            skipped += 1
        elif any(word in actual.get("error", "") for word in REFUSED_ON_PURPOSE):
            skipped += 1
        elif "error" in expected and "error" in actual:
            refused += 1
        elif expected.get("text") == actual.get("text"):
            equal += 1
        else:
            failures.append((template, variables, expected, actual))
    return equal, refused, skipped, failures


def record_expressions(env, render, path):
    """A selection for the unit tests: one expression for each shape, most of them with a result."""
    expressions = Expressions(random.Random(20))
    cases, seen = [], set()
    while len(cases) < 900:
        template, variables = expressions.case()
        expected = reference(env, template, variables)
        used = {name: value for name, value in variables.items() if re.search(rf"\b{name}\b", template)}
        actual = render(template, used)
        shape = re.sub(r"\b(i|j|f|s|s2|l|d|t|n|missing)\b", "v", template)
        if shape in seen or expected.get("text") != actual.get("text") or beyond(expected.get("text", "")):
            continue
        if "error" in expected and random.Random(len(seen)).random() < 0.9:
            continue
        seen.add(shape)
        answer = {"text": expected["text"]} if "text" in expected else {"error": True}
        cases.append({"template": template, "variables": used, **answer})
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")


# --- templates and conversations ----------------------------------------------------------------


def generated(actual):
    data = actual["text"].encode()
    return [data[begin:end].decode() for begin, end in actual["generated"]]


def compare_templates(env, render, folder):
    conversations = json.loads((folder / "conversations.json").read_text())
    equal = refused = 0
    failures, recorded = [], {}
    for path in sorted((folder / "templates").glob("*.jinja")):
        source = path.read_text()
        for name, variables in conversations.items():
            expected = reference(env, source, variables)
            actual = render(source, variables)
            recorded.setdefault(path.stem, {})[name] = expected if "text" in expected else {"error": True}
            if "error" in expected and "error" in actual:
                refused += 1
            elif expected.get("text") == actual.get("text") and generated(actual) == GENERATED:
                equal += 1
            else:
                failures.append((f"{path.name} with {name}", "", expected, actual))
    return equal, refused, failures, recorded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("render")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--expressions", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # Python's compiler on odd constant expressions
    env, render = environment(), Render(arguments.render)

    equal, refused, failures, recorded = compare_templates(env, render, arguments.folder)
    print(f"templates: {equal} equal, {refused} refused by both, {len(failures)} different")
    passed, failed = equal + refused, len(failures)
    if arguments.record:
        record_expressions(env, render, arguments.folder / "expressions.json")
        (arguments.folder / "expected.json").write_text(
            json.dumps(recorded, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        )

    equal, refused, skipped, more = compare_expressions(env, render, arguments.expressions, arguments.seed)
    print(f"expressions: {equal} equal, {refused} refused by both, {skipped} left out, {len(more)} different")
    for what, variables, expected, actual in (failures + more)[: arguments.show]:
        print(f"\n{what}\n  with     {variables}\n  expected {expected}\n  actual   {actual}")
    passed, failed = passed + equal + refused, failed + len(more)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
