"""Layers run in the native engine at the same time, by threads and by processes."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from fenas_lang.check.loader import load
from fenas_lang.engine import kernel
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.engine.native import NativeCell
from fenas_lang.ir.lower import expand, lower

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

REPEATS = 12


def work(layer: CompiledLayer, seed: int) -> list[Tensor]:
    """Training, inference and unequal lengths, one behind the other."""
    x = torch.randn(6, 5, 9, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    output, state = layer(x)
    (gradient,) = torch.autograd.grad(output.sum(), x)
    with torch.no_grad():
        inferred, _ = layer(x)
        packed, _ = layer(pack_sequence([x[:4, 0], x[:3, 1], x[:1, 2]]))
    return [output.detach(), gradient, inferred, packed.data, *[s.detach() for s in state]]


def assert_as_alone(layers: list[CompiledLayer]) -> None:
    jobs = [(layers[k % len(layers)], k) for k in range(REPEATS)]
    alone = [work(*job) for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: work(*job), jobs))
    for found, expected in zip(together, alone, strict=True):
        for mine, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(mine, theirs)


def test_threads_share_a_layer() -> None:
    assert_as_alone([compile(load("LSTM"), 9, 33)])


def test_threads_have_layers_of_their_own() -> None:
    assert_as_alone([compile(load("LSTM"), 9, size) for size in (33, 8, 20)])


def test_threads_make_the_same_new_cell_ready() -> None:
    """The first use of a cell lowers its programs."""
    graph = expand(lower(load("ENAS")))
    layer = compile(load("ENAS"), 9, 9)
    x = torch.randn(3, 2, 9)
    expected = layer(x)[0]
    for _ in range(5):
        vars(layer)["native"] = NativeCell(graph)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _, run=layer: run(x)[0], range(4)))
        assert all(torch.equal(other, expected) for other in found)


def _run_elsewhere(
    layer: CompiledLayer, answers: multiprocessing.Queue[list[list[object]]]
) -> None:
    answers.put([tensor.tolist() for tensor in work(layer, 1)])


def test_processes() -> None:
    layer = compile(load("LSTM"), 9, 33)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    others = [context.Process(target=_run_elsewhere, args=(layer, answers)) for _ in range(2)]
    for other in others:
        other.start()
    expected = work(layer, 1)
    for _ in others:
        for mine, theirs in zip(answers.get(timeout=120), expected, strict=True):
            torch.testing.assert_close(torch.tensor(mine), theirs)
    for other in others:
        other.join()
