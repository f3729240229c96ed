#!/usr/bin/env python3
"""The peer of the training benchmark: the same Llama shape in plain PyTorch, as a careful user would
write it: bfloat16 autocast, fused QKV and gate|up matrices, cross entropy over flat logits,
torch.optim.AdamW with foreach. Prints one JSON object.

    bench/train_peer.py --steps 20 [--no-autocast]
"""
import argparse
import json
import math
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = RMSNorm(width), RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x, cos, sin, mask):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)

        def rotate(y):
            a, z = y.chunk(2, -1)
            return torch.cat((a * cos - z * sin, z * cos + a * sin), -1)

        q, k = rotate(q), rotate(k)
        if hasattr(F, "scaled_dot_product_attention"):
            o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-1, -2)) / math.sqrt(q.size(-1)) + mask
            o = F.softmax(scores, -1) @ v
        x = x + self.out(o.transpose(1, 2).reshape(b, t, c))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, -1)
        return x + self.down(F.silu(gate) * up)


class Llama(nn.Module):
    def __init__(self, vocabulary, width, layers, heads, hidden, context):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, hidden) for _ in range(layers))
        self.norm = RMSNorm(width)
        dim = width // heads
        angles = torch.outer(torch.arange(context), 10000.0 ** (-torch.arange(0, dim, 2) / dim))
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())
        self.register_buffer("mask", torch.full((context, context), float("-inf")).triu(1))
        for p in self.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02)

    def forward(self, ids, targets):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x, self.cos, self.sin, self.mask)
        logits = F.linear(self.norm(x), self.embed.weight)
        return F.cross_entropy(logits.view(-1, logits.size(-1)).float(), targets.reshape(-1))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, default=12)
    arguments.add_argument("--threads", type=int, default=0)
    arguments.add_argument("--no-autocast", action="store_true")
    a = arguments.parse_args()
    import os

    torch.set_num_threads(a.threads or len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    model = Llama(8192, 384, 6, 6, 1024, 256)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    ids = torch.randint(0, 8192, (16, 257))
    seconds = []
    for _ in range(a.steps):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=not a.no_autocast):
            loss = model(ids[:, :-1], ids[:, 1:])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        seconds.append(time.perf_counter() - start)
    step = statistics.median(seconds[2:])
    print(json.dumps({
        "program": f"PyTorch {torch.__version__}, " + ("float32" if a.no_autocast else "bf16 autocast"),
        "parameters": sum(p.numel() for p in model.parameters()),
        "loss": round(loss.item(), 4), "step_ms": round(step * 1000, 1),
        "tokens_per_second": round(16 * 256 / step),
    }))


if __name__ == "__main__":
    main()
