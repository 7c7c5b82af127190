"""Sequences of unequal lengths in the native engine: both directions, gradients, masks, threads."""

from __future__ import annotations

import random
from collections.abc import Sequence

import naive_torch
import pytest
import torch
from strategies import SHIPPED
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from fenas_lang.check.loader import load
from fenas_lang.emit import torch_frame
from fenas_lang.engine import compiled, kernel, loop
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.engine.threads import torch_threads
from fenas_lang.ir.lower import lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

LENGTHS = [(3, 3, 3), (3, 1), (2, 2, 1), (1,), (4, 2, 6, 1, 1, 2), tuple(range(1, 52))]
MASKS = {"x": 0.3, "h": 0.5, "edges": 0.4}


@pytest.fixture(autouse=True)
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "POISONED", True)


def packed_of(lengths: Sequence[int], size: int) -> PackedSequence:
    sequences = [torch.randn(n, size, dtype=torch.float64) for n in lengths]
    return pack_sequence(sequences, enforce_sorted=False)


def everything(layer: CompiledLayer, x: PackedSequence, states: list[Tensor]) -> list[Tensor]:
    """Output, final states, and the gradients of x, the initial states and all parameters."""
    torch.manual_seed(1)  # of masks
    data = x.data.detach().requires_grad_()
    output, final = layer(x._replace(data=data), states[0] if len(states) == 1 else tuple(states))
    finals = [final] if isinstance(final, Tensor) else list(final)
    weights = torch.linspace(0.5, 1.5, output.data.numel(), dtype=data.dtype)
    value = (output.data.flatten() * weights).sum() + sum((f**2).sum() for f in finals)
    wanted = [data, *states, *layer.edges().values()]
    anyway = value + sum(0 * w.sum() for w in wanted)
    return [output.data, *finals, *torch.autograd.grad(anyway, wanted)]


def both(
    cell: Cell,
    lengths: Sequence[int],
    monkeypatch: pytest.MonkeyPatch,
    variational: dict[str, float] | None = None,
) -> tuple[list[Tensor], list[Tensor]]:
    """In the engine and as torch operations, in two directions."""
    size = 5
    layer = compile(
        cell, size, size, bidirectional=True, dtype=torch.float64, variational=variational
    )
    shape = (2, len(lengths), size)
    states = [
        torch.randn(shape, dtype=torch.float64, requires_grad=True) for _ in layer.state_names
    ]
    x = packed_of(lengths, size)
    assert layer.backend == "native"
    ours = everything(layer, x, states)
    with monkeypatch.context() as patch:
        patch.setenv("FENAS_BACKEND", "torch")
        theirs = everything(layer, x, states)
    return ours, theirs


def assert_close(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("lengths", LENGTHS, ids=lambda lengths: f"{len(lengths)} sequences")
@pytest.mark.parametrize("masks", [None, MASKS], ids=["plain", "masked"])
@pytest.mark.parametrize("name", ["GRU", "LSTM", "ENAS"])
def test_as_in_torch(
    name: str,
    masks: dict[str, float] | None,
    lengths: Sequence[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert_close(*both(load(name), lengths, monkeypatch, masks))


@pytest.mark.parametrize("masks", [None, MASKS], ids=["plain", "masked"])
@pytest.mark.parametrize("space", SHIPPED)
def test_random_cells(
    space: str, masks: dict[str, float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = 0
    for seed in range(5):
        torch.manual_seed(seed)
        cell = sample(load_space(space), rng=random.Random(seed))
        lengths = random.Random(seed).choices(range(1, 5), k=4)
        ours, theirs = both(cell, lengths, monkeypatch, masks)
        if all(t.isfinite().all() and t.abs().max() < 100 for t in theirs):
            assert_close(ours, theirs)
            judged += 1
    assert judged > 0


def test_each_sequence_is_as_if_alone() -> None:
    cell = load("LSTM")
    layer = compile(cell, 5, 5, dtype=torch.float64)
    lengths = [3, 5, 1]
    x = [torch.randn(n, 1, 5, dtype=torch.float64) for n in lengths]
    output, (h, c) = layer(pack_sequence([one[:, 0] for one in x], enforce_sorted=False))
    zeros = [torch.zeros(1, 5, dtype=torch.float64)] * 2
    for k, one in enumerate(x):
        expected, finals = naive_torch.Run(lower(cell), layer.edges()).sequence(one, zeros)
        torch.testing.assert_close(h[0, k], finals[0][0])
        torch.testing.assert_close(c[0, k], finals[1][0])
        mine = torch.nn.utils.rnn.pad_packed_sequence(output)[0][: len(one), k]
        torch.testing.assert_close(mine, expected[:, 0])


def test_it_runs_in_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("GRU"), 4, 4, bidirectional=True, variational=MASKS)
    monkeypatch.setattr(compiled, "sweep", None)
    monkeypatch.setattr(torch_frame, "sweep", None)
    layer(pack_sequence([torch.randn(n, 4) for n in (3, 1)]))
    layer.eval()(pack_sequence([torch.randn(n, 4) for n in (3, 1)]))


@pytest.mark.parametrize("lengths", [*LENGTHS[-2:], (7, 7, 7)], ids=str)
def test_inference_is_as_training(lengths: Sequence[int]) -> None:
    layer = compile(load("LSTM"), 5, 5, bidirectional=True, dtype=torch.float64)
    x = packed_of(lengths, 5)
    trained, finals = layer(x)
    with torch.no_grad():
        inferred, others = layer(x)
    torch.testing.assert_close(trained.data, inferred.data)
    torch.testing.assert_close(finals, others)


def test_two_threads_share_uneven_work() -> None:
    layer = compile(load("LSTM"), 5, 33)
    x = pack_sequence([torch.randn(n, 5) for n in (40, 3, 2, 1, 1)])
    found = []
    for threads in (1, 2, 5):
        with torch_threads(threads):
            found.append(layer(x)[0].data)
    torch.testing.assert_close(found[1], found[0])
    torch.testing.assert_close(found[2], found[0])


@pytest.mark.parametrize("sizes", [[1, 2], [2, 0], [2, 2]], ids=str)
def test_batch_sizes_that_are_none(sizes: list[int]) -> None:
    layer = compile(load("GRU"), 4, 4)
    with pytest.raises((RuntimeError, ValueError), match=r"batch_sizes|split"):
        layer(PackedSequence(torch.randn(3, 4), torch.tensor(sizes)))
