#!/usr/bin/env python3
"""Measures `parley data add` on a large JSONL file: MB/s of input and peak resident memory.

The input is made from a sample of real conversations (--sample, OpenAI chat JSONL), varied so that it de-duplicates like
real logs do: 5 % exact copies, 5 % near copies (one word changed), and the rest with one word in eight replaced.
Without a sample, sentences are made of invented words.

    bench/data_import.py build/release/bin/parley --megabytes 1000 --sample chats.jsonl
"""
import argparse, json, os, pathlib, random, resource, subprocess, sys, tempfile, time


def invented_sample(rng, count=2000):
    words = ["".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(rng.randint(1, 4)))
             for _ in range(5000)]
    say = lambda: " ".join(rng.choice(words) for _ in range(rng.randint(4, 16))) + "."
    return [[{"role": role, "content": say()} for _ in range(rng.randint(2, 8)) for role in ("user", "assistant")]
            for _ in range(count)]


def vary(rng, messages, words, share):
    varied = []
    for message in messages:
        tokens = message["content"].split(" ")
        for i in range(len(tokens)):
            if rng.random() < share:
                tokens[i] = rng.choice(words)
        varied.append({"role": message["role"], "content": " ".join(tokens)})
    return varied


def generate(path, megabytes, sample, seed=1):
    rng = random.Random(seed)
    if sample:
        conversations = [json.loads(line)["messages"] for line in open(sample, encoding="utf-8")]
    else:
        conversations = invented_sample(rng)
    words = sorted({w for c in conversations for m in c for w in m["content"].split(" ")})
    recent, size = [], 0
    with open(path, "w", encoding="utf-8") as out:
        while size < megabytes * 1e6:
            dice = rng.random()
            if recent and dice < 0.05:
                messages = rng.choice(recent)
            elif recent and dice < 0.10:
                messages = [dict(m) for m in rng.choice(recent)]
                changed = rng.choice(messages)
                changed["content"] += " " + rng.choice(words)
            else:
                messages = vary(rng, rng.choice(conversations), words, 0.125)
            recent.append(messages)
            if len(recent) > 5000:
                recent[rng.randrange(5000)] = recent.pop()
            line = json.dumps({"messages": messages}, ensure_ascii=False) + "\n"
            size += out.write(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parley", help="the parley program")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--sample", help="OpenAI chat JSONL to vary")
    parser.add_argument("--input", help="measure this file instead of making one (made and kept if it does not exist)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        source = pathlib.Path(options.input or os.path.join(folder, "big.jsonl")).resolve()
        if not source.exists():
            print(f"making {options.megabytes} MB of conversations …", file=sys.stderr)
            generate(source, options.megabytes, options.sample)
        project = pathlib.Path(folder, "project")
        project.mkdir()
        (project / "parley.yaml").write_text("name: bench\nuse_case: measuring the import\n")
        start = time.monotonic()
        subprocess.run([os.path.abspath(options.parley), "data", "add", str(source)], cwd=project, check=True)
        seconds = time.monotonic() - start
        megabytes = source.stat().st_size / 1e6
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
        print(f"{megabytes:.0f} MB in {seconds:.1f} s: {megabytes / seconds:.0f} MB/s, peak memory {peak:.0f} MB, "
              f"{len(os.sched_getaffinity(0))} processors")


if __name__ == "__main__":
    main()
