"""Memory does not grow with calls: neither the process's, nor tensors, nor Python's objects."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from fenas_lang.check.loader import load
from fenas_lang.engine.kernel import shared_object
from fenas_lang.engine.layer import compile
from fenas_lang.engine.threads import torch_threads

STATISTICS = Path("/proc/self/statm")
pytestmark = pytest.mark.skipif(
    shared_object() is None or not STATISTICS.exists(), reason="no kernel, or no /proc"
)

CALLS, FEW = 10_000, 300
WARM_UP = 100
MOST = 2 * 2**20
"""Of growth, in bytes; a leak of the smallest tensor a call is 5 MB in 10,000 calls."""


def training() -> Callable[[], None]:
    layer = compile(load("LSTM"), 16, 16)
    x, states = torch.randn(5, 8, 16), tuple(torch.randn(2, 1, 8, 16))

    def call() -> None:
        layer.zero_grad()
        output, _ = layer(x, states)
        output.sum().backward()

    return call


def inference() -> Callable[[], None]:
    layer = compile(load("GRU"), 16, 16).eval()
    x = torch.randn(5, 8, 16)

    def call() -> None:
        with torch.no_grad():
            layer(x)

    return call


def masks_and_lengths() -> Callable[[], None]:
    kinds = {"x": 0.5, "h": 0.5}
    layer = compile(load("LSTM"), 16, 16, bidirectional=True, variational=kinds)
    x = pack_sequence([torch.randn(n, 16) for n in (5, 3, 3, 1)])

    def call() -> None:
        layer.zero_grad()
        layer(x)[0].data.sum().backward()

    return call


def changing_weights() -> Callable[[], None]:
    layer = compile(load("GRU"), 16, 16).eval()
    x = torch.randn(5, 8, 16)

    def call() -> None:
        with torch.no_grad():
            layer.edges()["r.x"].mul_(0.99)
            layer(x)

    return call


def unfinished() -> Callable[[], None]:
    """Forward in training, and never backward."""
    layer = compile(load("LSTM"), 16, 16)
    x = torch.randn(5, 8, 16)
    return lambda: layer(x) and None


def new_layers() -> Callable[[], None]:
    x = torch.randn(3, 2, 16)

    def call() -> None:
        compile(load("GRU"), 16, 16)(x)[0].sum().backward()

    return call


USES = [training, inference, masks_and_lengths, changing_weights, unfinished, new_layers]


@pytest.fixture
def one_thread() -> Iterator[None]:
    with torch_threads(1):
        yield


def resident() -> int:
    return int(STATISTICS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def counts() -> tuple[int, int]:
    """Tensors, and all of Python's objects."""
    gc.collect()
    objects = gc.get_objects()
    return sum(issubclass(type(o), Tensor) for o in objects), len(objects)


def check(use: Callable[[], Callable[[], None]], calls: int) -> None:
    call = use()
    for _ in range(WARM_UP):
        call()
    tensors, objects = counts()
    memory = resident()
    for _ in range(calls):
        call()
    grown = resident() - memory
    tensors_now, objects_now = counts()
    assert tensors_now == tensors
    assert objects_now - objects < 50
    assert grown < MOST, f"{grown / 2**20:.1f} MB more after {calls} calls"


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_a_few_calls(use: Callable[[], Callable[[], None]], one_thread: None) -> None:
    check(use, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_ten_thousand_calls(use: Callable[[], Callable[[], None]], one_thread: None) -> None:
    check(use, CALLS)


@pytest.mark.slow
def test_ten_thousand_calls_with_two_threads() -> None:
    with torch_threads(2):
        check(training, CALLS)
