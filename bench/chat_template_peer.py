"""The peer of chat_template_bench: the same conversation through Python's Jinja2."""
import json
import pathlib
import sys
import time

import jinja2.ext
import jinja2.sandbox

path, turns = pathlib.Path(sys.argv[1]), int(sys.argv[2])
env = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
)
env.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
source = path.read_text()
start = time.perf_counter()
for _ in range(20):
    env.from_string(source)
parse = (time.perf_counter() - start) / 20
template = env.from_string(source)
messages = []
for turn in range(turns):
    messages.append({"role": "user", "content": f"Question {turn}: what about “this”, and that? " * 4})
    messages.append({"role": "assistant", "content": f"Answer {turn}: it is so, because of the other. " * 8})
times = []
for _ in range(50):
    start = time.perf_counter()
    text = template.render(messages=messages, tools=None, documents=None, add_generation_prompt=True)
    times.append(time.perf_counter() - start)
print(json.dumps({"who": "jinja2", "template": path.stem, "turns": turns, "bytes": len(text.encode()),
                  "parse_us": round(parse * 1e6), "render_us": round(sorted(times)[25] * 1e6)}))
