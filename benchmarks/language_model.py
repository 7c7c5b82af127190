"""Time a word of language-model training: ours beside plain PyTorch, round by round in turn.

    python benchmarks/language_model.py [--hidden 300] [--words 10000] [--batch 64] [--window 35]
        [--cells LSTM,GRU] [--rounds 15] [--threads 2]

`plain` is what one writes without this package: `nn.Embedding`, `nn.LSTM` (or the layer of the
cell's name), `nn.Linear` with the embedding's weights, `cross_entropy`; the step is the same one:
forward, backward, gradients clipped, fused Adam.  `nn layer` has PyTorch's layer in our model, so
that what the head saves stands apart.  Text is random, which costs what real text does.  Dropout is
off, for it is not the same in all.  A ratio is our time over the plain model's, the median over
rounds; it says something only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.language_model.model import Shape, WordLanguageModel

CLIP, RATE = 0.25, 1e-3
Candidate = Callable[[Tensor, Tensor], Any]


class Plain(nn.Module):
    """The model by hand."""

    def __init__(self, kind: str, words: int, hidden: int):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.layer = torch_layer(kind, hidden, hidden)
        self.decoder = nn.Linear(hidden, words)
        self.decoder.weight = self.embedding.weight

    def forward(self, words: Tensor, targets: Tensor) -> Tensor:
        features, _ = self.layer(self.embedding(words))
        return F.cross_entropy(self.decoder(features).flatten(0, 1), targets.flatten())


def torch_layer(kind: str, input_size: int, hidden_size: int) -> nn.Module:
    layer: nn.Module = getattr(nn, kind)(input_size, hidden_size)
    return layer


def candidates(kind: str, told: argparse.Namespace) -> dict[str, Candidate]:
    """Steps by name: each gets words and targets, (T, B), and updates its own model."""
    shape = Shape(told.words, told.hidden)
    plain = Plain(kind, told.words, told.hidden)
    ours = WordLanguageModel(kind, compile_layer, shape)
    torchs = WordLanguageModel(kind, torch_layer, shape)
    return {
        "plain": step_of(plain, plain),
        "nn layer": step_of(torchs, lambda w, t: torchs.loss(w, t)[0] / t.numel()),
        "engine": step_of(ours, lambda w, t: ours.loss(w, t)[0] / t.numel()),
    }


def step_of(model: nn.Module, loss_of: Candidate) -> Candidate:
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)

    def step(words: Tensor, targets: Tensor) -> None:
        optimizer.zero_grad()
        loss_of(words, targets).backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()

    return step


def seconds(step: Candidate, words: Tensor, targets: Tensor) -> float:
    started = time.perf_counter()
    step(words, targets)
    return time.perf_counter() - started


def measure(kind: str, told: argparse.Namespace) -> None:
    text = torch.randint(told.words, (told.window + 1, told.batch))
    words, targets = text[:-1].contiguous(), text[1:].contiguous()
    steps = candidates(kind, told)
    for step in steps.values():
        seconds(step, words, targets)
    rounds = [
        {n: seconds(step, words, targets) for n, step in steps.items()} for _ in range(told.rounds)
    ]
    for name in steps:
        times = statistics.median(row[name] for row in rounds) / words.numel()
        ratios = sorted(row[name] / row["plain"] for row in rounds)
        low, middle, high = statistics.quantiles(ratios, n=4)
        shown = f"{middle:.2f} ({low:.2f} to {high:.2f})"
        print(f"{kind:5} {name:9} {times * 1e6:9.1f} µs a word   ratio to plain {shown}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("hidden", 300), ("words", 10_000), ("batch", 64), ("window", 35)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--cells", default="LSTM,GRU")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    for kind in told.cells.split(","):
        measure(kind, told)


if __name__ == "__main__":
    main()
