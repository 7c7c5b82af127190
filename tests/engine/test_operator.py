"""Layers inside compiled models: no graph break, the same numbers, one graph for many shapes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from strategies import SHIPPED
from torch import Tensor, library, nn
from torch._dynamo.testing import CompileCounterWithBackend
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from fenas_lang.check.loader import load
from fenas_lang.engine import kernel, loop, native, operator
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.ir.encoding import encoded
from fenas_lang.ir.lower import lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

pytestmark = [
    pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.script_method"),
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(loop, "POISONED", True)
    yield
    torch.compiler.reset()


class Model(nn.Module):
    """A layer between two others."""

    def __init__(self, layer: CompiledLayer):
        super().__init__()
        like = next(layer.parameters(), torch.zeros(()))
        self.before = nn.Linear(4, layer.input_size, dtype=like.dtype)
        self.layer = layer
        directions = 2 if layer.bidirectional else 1
        self.after = nn.Linear(layer.hidden_size * directions, 3, dtype=like.dtype)

    def forward(self, x: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        output, state = self.layer(torch.tanh(self.before(x)), hx)
        return self.after(output), state


def model(cell: str, **options: Any) -> Model:
    return Model(compile(load(cell), 5, 6, **options))


def compiled(module: nn.Module, backend: str = "aot_eager", **options: Any) -> Any:
    """A compiled module without graph breaks, and what counts its graphs."""
    counter = CompileCounterWithBackend(backend)
    return torch.compile(module, backend=counter, fullgraph=True, **options), counter


def loops(counter: CompileCounterWithBackend) -> int:
    """How many calls of the operator the last graph has."""
    nodes = counter.graphs[-1].graph.nodes
    return sum(node.target == torch.ops.fenas.loop.default for node in nodes)


def everything(run: Callable[..., Any], module: nn.Module, *inputs: Any) -> list[Tensor]:
    """Output, final states, and the gradients of inputs and parameters."""
    output, final = run(*inputs)
    finals = [final] if isinstance(final, Tensor) else list(final)
    total = (output * torch.linspace(0.5, 1.5, output.numel()).view_as(output)).sum()
    total = total + sum((f**2).sum() for f in finals)
    states = inputs[1] if len(inputs) > 1 else ()
    given = [states] if isinstance(states, Tensor) else states
    wanted = [w for w in (inputs[0], *given, *module.parameters()) if w.requires_grad]
    found = torch.autograd.grad(total, wanted, allow_unused=True)
    zeros = (torch.zeros_like(w) if g is None else g for w, g in zip(wanted, found, strict=True))
    return [output, *finals, *zeros]


def states_of(layer: CompiledLayer, batch: int) -> Any:
    runs = layer.num_layers * (2 if layer.bidirectional else 1)
    like = next(layer.parameters())
    shape = (runs, batch, layer.hidden_size)
    made = [torch.randn(shape, dtype=like.dtype, requires_grad=True) for _ in layer.state_names]
    return made[0] if len(made) == 1 else tuple(made)


@pytest.mark.parametrize(
    "cell, options",
    [
        ("LSTM", {"num_layers": 2, "bidirectional": True, "dtype": torch.float64}),
        ("GRU", {"batch_first": True}),
        ("ENAS", {"bias": False, "dtype": torch.float64}),
    ],
    ids=["LSTM", "GRU", "ENAS"],
)
def test_a_compiled_model_is_the_model(cell: str, options: dict[str, Any]) -> None:
    module = Model(compile(load(cell), 6, 6, **options))
    dtype = options.get("dtype", torch.float32)
    x = torch.randn(4, 3, 4, dtype=dtype, requires_grad=True)
    hx = states_of(module.layer, 4 if module.layer.batch_first else 3)
    run, counter = compiled(module)
    torch.testing.assert_close(everything(run, module, x, hx), everything(module, module, x, hx))
    assert counter.frame_count == 1
    runs = module.layer.num_layers * (2 if module.layer.bidirectional else 1)
    assert loops(counter) == runs


def test_inference_saves_nothing() -> None:
    module = model("LSTM").eval()
    run, counter = compiled(module)
    x = torch.randn(4, 3, 4)
    with torch.no_grad():
        assert torch.equal(run(x)[0], module(x)[0])
    (node,) = (n for n in counter.graphs[-1].graph.nodes if "loop" in str(n.target))
    assert node.args[-1] is False


def test_the_same_shapes_are_compiled_once() -> None:
    module = model("GRU")
    run, counter = compiled(module, "eager", dynamic=False)
    for _ in range(3):
        run(torch.randn(4, 3, 4))[0].sum().backward()
    assert counter.frame_count == 1


def test_time_and_batch_may_stay_open() -> None:
    module = model("LSTM", num_layers=2)
    run, counter = compiled(module)
    for time, batch in [(4, 3), (5, 3), (5, 7), (9, 2)]:
        x = torch.randn(time, batch, 4, requires_grad=True)
        torch._dynamo.mark_dynamic(x, 0)
        torch._dynamo.mark_dynamic(x, 1)
        torch.testing.assert_close(everything(run, module, x), everything(module, module, x))
    assert counter.frame_count == 1


@pytest.mark.parametrize("space", SHIPPED)
def test_random_cells(space: str) -> None:
    cell = sample(load_space(space), rng=random.Random(f"operator {space}"))
    size = 4 if lower(cell).forces_square else 3
    layer = compile(cell, size, 4, dtype=torch.float64)
    run, counter = compiled(layer, "eager")
    x = torch.randn(3, 2, size, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(
        everything(run, layer, x), everything(layer, layer, x), equal_nan=True
    )
    assert loops(counter) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
def test_with_inductor() -> None:
    module = model("GRU")
    run, _ = compiled(module, "inductor")
    x = torch.randn(4, 3, 4, requires_grad=True)
    torch.testing.assert_close(everything(run, module, x), everything(module, module, x))


def loop_inputs(cell: str, training: bool, dtype: torch.dtype) -> tuple[Any, ...]:
    graph = compile(load(cell), 6, 6).native.graph
    made = native.NativeCell(graph)
    time, batch, size = 3, 2, 6

    def random_tensor(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=dtype, requires_grad=training)

    tensors = [random_tensor(time * batch, size * len(g)) for g in made.storage.handed]
    tensors += [random_tensor(batch, size) for _ in made.plan.graph.states]
    tensors += [random_tensor(size, size) for _ in made.matrices]
    tensors += [random_tensor(size) for _ in made.vectors]
    return encoded(graph), tensors, time, True, training


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("cell, dtype", [("LSTM", torch.float32), ("ENAS", torch.float64)])
def test_the_operator_is_registered_as_torch_wants(
    cell: str, dtype: torch.dtype, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "POISONED", False)  # what is compared may be uninitialised padding
    library.opcheck(operator.loop, loop_inputs(cell, training, dtype))


def test_the_gradient_is_registered_as_torch_wants() -> None:
    cell, tensors, time, reverse, _ = loop_inputs("LSTM", False, torch.float64)
    output, h, c, *kept = operator.loop(cell, tensors, time, reverse, True)
    inputs = (cell, tensors, [output, *kept], [output, h, c], time, reverse)
    library.opcheck(operator.loop_backward, inputs)


def test_its_name_is_all_that_another_process_needs() -> None:
    layer = compile(load("GRU"), 4, 5)
    x = torch.randn(4, 3, 4)
    exported = torch.export.export(layer, (x,))
    operator.cell_of.cache_clear()
    assert "fenas.loop.default" in str(exported.graph)
    torch.testing.assert_close(exported.module()(x)[0], layer(x)[0])


def test_torch_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = model("GRU")
    x = torch.randn(3, 2, 4, requires_grad=True)
    expected = everything(module, module, x)
    monkeypatch.setenv("FENAS_BACKEND", "torch")
    run, counter = compiled(module, "eager")
    torch.testing.assert_close(everything(run, module, x), expected)
    assert loops(counter) == 0


def test_without_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    module = model("GRU")
    x = torch.randn(3, 2, 4)
    expected = module(x)[0]
    monkeypatch.setattr("fenas_lang.engine.serving.shared_object", lambda: None)
    run, counter = compiled(module, "eager")
    torch.testing.assert_close(run(x)[0], expected)
    assert loops(counter) == 0


def test_autocast_stays_with_torch() -> None:
    module = model("GRU")
    x = torch.randn(3, 2, 4)
    run, counter = compiled(module, "eager")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert run(x)[0].dtype == module(x)[0].dtype
    assert loops(counter) == 0


def test_transforms_of_functions_stay_with_torch() -> None:
    layer = compile(load("GRU"), 4, 5)
    x = torch.randn(3, 2, 4)

    def gradient(x: Tensor) -> Tensor:
        return torch.func.grad(lambda x: layer(x)[0].sum())(x)  # type: ignore[no-any-return]

    torch.testing.assert_close(torch.compile(gradient, backend="eager")(x), gradient(x))


def test_masks() -> None:
    module = model("GRU", variational={"x": 0.5, "h": 0.5})
    run, _ = compiled(module, "eager")
    x = torch.randn(3, 2, 4)
    run(x)[0].sum().backward()
    module.eval()
    torch.testing.assert_close(run(x)[0], module(x)[0])


class Packing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = compile(load("GRU"), 4, 5)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(torch.tanh(x), lengths, enforce_sorted=False)
        return pad_packed_sequence(self.layer(packed)[0])[0]


def test_unequal_lengths_break_the_graph_and_nothing_else() -> None:
    module = Packing()
    counter = CompileCounterWithBackend("eager")
    run = torch.compile(module, backend=counter)
    for longest in (4, 5, 6, 7):
        x, lengths = torch.randn(longest, 3, 4), torch.tensor([2, longest, 3])
        torch.testing.assert_close(run(x, lengths), module(x, lengths))
    assert sum(len(graph.graph.nodes) for graph in counter.graphs) < 60


def test_a_second_derivative_is_refused() -> None:
    layer = compile(load("GRU"), 4, 4)
    x = torch.randn(2, 3, 4, requires_grad=True)
    for backend, message in [("eager", "FENAS_BACKEND"), ("aot_eager", "double backward")]:
        output = torch.compile(layer, backend=backend, fullgraph=True)(x)[0]
        (gradient,) = torch.autograd.grad(output.sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match=message):
            gradient.sum().backward()
