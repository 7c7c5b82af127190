"""Threads and processes at once, and any number of the kernel's threads: the same results."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from fenas_lang.check.loader import load
from fenas_lang.engine import kernel
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.engine.threads import torch_threads

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

forks = pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")
"""jax, which a benchmark's test may have loaded before, warns of what it would do in a child."""

CELLS = ["LSTM", "GRU", "ENAS", "SRU"]
LONG = 120


def built(name: str) -> tuple[CompiledLayer, Tensor]:
    torch.manual_seed(len(name))
    return compile(load(name), 33, 33), torch.randn(6, 50, 33)


def results(layer: CompiledLayer, x: Tensor) -> list[Tensor]:
    """Output and gradients of x and all parameters."""
    x = x.clone().requires_grad_()
    output, _ = layer(x)
    wanted = [x, *layer.parameters()]
    return [output.detach(), *torch.autograd.grad(output.square().sum(), wanted)]


def same(found: list[Tensor], expected: list[Tensor]) -> bool:
    return all(map(torch.equal, found, expected))


@pytest.fixture(params=["torch's threads", "own threads"])
def pool(request: pytest.FixtureRequest) -> Iterator[None]:
    """The threads of torch's OpenMP, or those that the kernel starts where there is none."""
    if request.param == "torch's threads":
        yield
        return
    with patch.object(kernel, "_parallel", lambda: (None, None)):
        yield


@pytest.mark.parametrize("name", CELLS)
def test_the_number_of_threads_changes_roundings_at_most(name: str, pool: None) -> None:
    layer, x = built(name)
    with torch_threads(1):
        expected = results(layer, x)
    for count in (2, 3, 7):
        with torch_threads(count):
            found = results(layer, x)
            for f, e in zip(found, expected, strict=True):
                torch.testing.assert_close(f, e, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", CELLS)
def test_a_run_gives_the_same_bits_as_the_one_before(name: str, count: int, pool: None) -> None:
    layer, x = built(name)
    with torch_threads(count):
        expected = results(layer, x)
        assert all(same(results(layer, x), expected) for _ in range(3))


def test_more_threads_than_rows(pool: None) -> None:
    layer, x = built("LSTM")
    with torch_threads(1):
        expected = layer(x[:, :1])[0]
    with torch_threads(16):
        torch.testing.assert_close(layer(x[:, :1])[0], expected)


def at_once(tasks: list[Callable[[], bool]]) -> list[bool]:
    """What tasks give that all begin together, each in a thread of its own."""
    found: list[bool] = [False] * len(tasks)
    ready = threading.Barrier(len(tasks))

    def run(k: int) -> None:
        ready.wait()
        found[k] = tasks[k]()

    running = [threading.Thread(target=run, args=(k,)) for k in range(len(tasks))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return found


def repeated(layer: CompiledLayer, x: Tensor, expected: list[Tensor]) -> Callable[[], bool]:
    return lambda: all(same(results(layer, x), expected) for _ in range(10))


@pytest.mark.parametrize("count", [1, 2])
def test_layers_in_python_threads_at_once(count: int, pool: None) -> None:
    with torch_threads(count):
        layers = [built(name) for name in CELLS]
        tasks = [repeated(*pair, results(*pair)) for pair in layers]
        assert all(at_once(tasks))


def test_one_layer_in_python_threads_at_once() -> None:
    layer, x = built("LSTM")
    inputs = [x[:, k : k + 5] for k in range(4)]
    with torch_threads(1):
        assert all(at_once([repeated(layer, one, results(layer, one)) for one in inputs]))


def test_a_new_cell_in_python_threads_at_once() -> None:
    """Plans and programs are made when they are first wanted: here by all at the same time."""
    with torch_threads(1):
        for name in ("NASCell", "DARTS_V2", "Mut3", "RHN3"):
            layer, x = built(name)
            found: list[list[Tensor]] = []

            def task(layer: CompiledLayer = layer, x: Tensor = x, found: Any = found) -> bool:
                found.append(results(layer, x))
                return True

            assert all(at_once([task] * 4))
            assert all(same(one, found[0]) for one in found)


def _in_process(name: str, count: int, answers: Any) -> None:
    with torch_threads(count):
        layer, x = built(name)
        answers.put((name, [value.numpy() for value in results(layer, x)]))


def in_processes(method: str, names: list[str], count: int) -> dict[str, list[Tensor]]:
    context: Any = multiprocessing.get_context(method)
    answers = context.Queue()
    running = [context.Process(target=_in_process, args=(n, count, answers)) for n in names]
    for process in running:
        process.start()
    try:
        answered = [answers.get(timeout=LONG) for _ in names]
    finally:
        for process in running:
            process.join(10)
            process.kill()
    return {name: [torch.from_numpy(v) for v in values] for name, values in answered}


@forks
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_at_once(method: str) -> None:
    """One thread each: after a fork any operation of torch with more waits for ever."""
    names = CELLS[:2]
    with torch_threads(2):
        for name in names:
            results(*built(name))
    found = in_processes(method, names, 1)
    with torch_threads(1):
        assert all(same(found[name], results(*built(name))) for name in names)


class Encoded(Dataset[Tensor]):
    """Sequences through a layer, as a data set's workers do it."""

    def __init__(self) -> None:
        self.layer, self.x = built("GRU")

    def __len__(self) -> int:
        return 8

    def __getitem__(self, k: int) -> Tensor:
        with torch.no_grad():
            output: Tensor = self.layer(self.x[:, k])[0]
        return output


@forks
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_data_loader(method: str) -> None:
    data = Encoded()
    with torch_threads(2):
        results(data.layer, data.x)
        loader = DataLoader(data, batch_size=4, num_workers=2, multiprocessing_context=method)
        found = torch.cat(list(loader))
    with torch.no_grad():
        torch.testing.assert_close(found, data.layer(data.x[:, :8])[0].transpose(0, 1))
