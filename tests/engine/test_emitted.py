"""Emitted modules run in the native engine where it is installed, unless their text was edited."""

from __future__ import annotations

import copy
import importlib.util
import io
import pickle
import random
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from strategies import SHIPPED
from torch import Tensor
from torch._dynamo.testing import CompileCounterWithBackend

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.emit import emit
from fenas_lang.emit.torch_names import class_name
from fenas_lang.engine import kernel
from fenas_lang.engine.layer import compile
from fenas_lang.ir.lower import lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

GRU = emit(load("GRU"), "torch")


def class_in(text: str, name: str = "GRU") -> Any:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(text, namespace)
    return namespace[name]


def emitted(cell: Cell) -> Any:
    return class_in(emit(cell, "torch"), class_name(cell.name))


def everything(layer: Any, x: Tensor) -> list[Tensor]:
    output, final = layer(x)
    finals = [final] if isinstance(final, Tensor) else list(final)
    total = output.sum() + sum((f**2).sum() for f in finals)
    wanted = [x, *layer.parameters()]
    anyway = total + sum(0 * w.sum() for w in wanted)
    return [output, *finals, *torch.autograd.grad(anyway, wanted)]


def check_both_ways(cell: Cell, monkeypatch: pytest.MonkeyPatch, **options: Any) -> None:
    """The engine takes the module, and then it gives what the module gives in plain torch."""
    size = 5 if lower(cell).forces_square else 4
    torch.manual_seed(0)
    layer = emitted(cell)(size, 5, dtype=torch.float64, **options)
    x = torch.randn(3, 2, size, dtype=torch.float64, requires_grad=True)
    assert layer.backend == "native", str(cell)
    ours = everything(layer, x)
    with monkeypatch.context() as patch:
        patch.setenv("FENAS_BACKEND", "torch")
        assert layer.backend == "torch"
        theirs = everything(layer, x)
    torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-9, equal_nan=True)


@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check_both_ways(load(name), monkeypatch)


@pytest.mark.parametrize("space", SHIPPED)
def test_random_cells_are_recognised(space: str) -> None:
    rng = random.Random(f"emitted {space}")
    for _ in range(8):
        cell = sample(load_space(space), rng=rng, nodes=rng.randint(2, 9))
        assert emitted(cell)(4, 4).backend == "native", str(cell)


def test_layers_and_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    check_both_ways(load("LSTM"), monkeypatch, num_layers=2, bidirectional=True)
    check_both_ways(load("LSTM"), monkeypatch, bias=False, batch_first=True)


def test_awkward_words(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '# \\N """ \\\ncell class(lambda, h) -> torch {  # ünï """\n torch = tanh(@lambda, @h) }'
    check_both_ways(loads(text), monkeypatch)


def test_a_cell_of_a_space_that_is_not_here(tmp_path: Path) -> None:
    space = "space tiny {\n states 1\n node tanh: any form\n}\n"
    (tmp_path / "tiny.space").write_text(space)
    (tmp_path / "c.fen").write_text("cell C in tiny (x, h) -> n { n = tanh(@x, @h) }")
    text = emit(load(tmp_path / "c.fen"), "torch")
    (tmp_path / "tiny.space").unlink()
    assert class_in(text, "C")(4, 4).backend == "native"


EDITS = {
    "an operator of the step": ("            d = n - zn\n", "            d = n + zn\n"),
    "a function of the step": ("n = torch.tanh(a + ru)", "n = torch.sin(a + ru)"),
    "a number": ("            zh = z * h_prev", "            zh = 0.5 * z * h_prev"),
    "one more statement": (" d = n - zn\n", " n = 2 * n\n            d = n - zn\n"),
    "what is hoisted": ("r_x, z_x, a = F.linear(x,", "r_x, z_x, a = F.linear(-x,"),
    "a bias": ('stack(None, None, "u.bias")', 'stack("r.bias", None, "u.bias")'),
    "the source alone": ("        d  = n - zn\n", "        d  = zn - n\n"),
    "the source, to nonsense": ("        d  = n - zn\n", "        d  = nonsense\n"),
    "the loop": ("outputs.append(active[0])", "outputs.append(2 * active[0])"),
    "the order of rows": ("torch.cat(pair) for pair", "torch.cat(pair).abs() for pair"),
    "around the loop": (
        "return sweep(prepared, step, sizes, states, reverse)",
        "return sweep(prepared, step, sizes, tuple(s + 1 for s in states), reverse)",
    ),
    "what F is": ("States = tuple", "F = type('F', (), {'linear': lambda *a: F_.linear(*a) * 2})\n"
                  "F_ = torch.nn.functional\nStates = tuple"),
    "a name of Python": (
        "States = tuple",
        "range_ = range\nrange = lambda n: list(range_(n))\nStates = tuple",
    ),
}  # fmt: skip


@pytest.mark.parametrize("old, new", EDITS.values(), ids=EDITS)
def test_an_edited_class_runs_as_it_is_written(old: str, new: str) -> None:
    assert GRU.count(old) == 1
    edited = GRU.replace(old, new)
    layer = class_in(edited)(4, 5)
    assert layer.backend == "torch"
    plain = class_in(edited)
    plain.engine = None
    reference = plain(4, 5)
    reference.load_state_dict(layer.state_dict())
    x = torch.randn(3, 2, 4)
    assert torch.equal(layer(x)[0], reference(x)[0])


def test_comments_and_layout_may_change() -> None:
    text = GRU.replace(
        "            d = n - zn\n", "\n            # difference\n            d = (n - zn)\n"
    )
    text = text.replace('"""GRU: a recurrent', '"""Ours: a recurrent')
    text = text.replace(
        "    cell GRU(x, h_prev) -> h {\n", "    # mine\n    cell GRU(x,h_prev) -> h {"
    )
    assert text != GRU
    assert class_in(text)(4, 5).backend == "native"


def test_a_replaced_method_is_seen() -> None:
    made = class_in(GRU)
    layer, other = made(4, 4), made(4, 4)
    assert layer.backend == other.backend == "native"

    def identity(x: Tensor, stack: Any) -> Any:
        return (x,), lambda x, h: (x,)

    layer.prepare = identity
    x = torch.randn(3, 2, 4)
    assert layer.backend == "torch" and torch.equal(layer(x)[0], x)
    assert other.backend == "native"
    made.prepare = lambda self, x, stack: identity(x, stack)
    assert other.backend == "torch" and torch.equal(other(x)[0], x)


def test_subclasses() -> None:
    made = class_in(GRU)

    class Mine(made):  # type: ignore[misc]
        def forward(self, x: Tensor) -> Any:
            return super().forward(2 * x)

    class Other(made):  # type: ignore[misc]
        def prepare(self, x: Tensor, stack: Any) -> Any:
            return super().prepare(2 * x, stack)

    mine, other = Mine(4, 5), Other(4, 5)
    other.load_state_dict(mine.state_dict())
    assert (mine.backend, other.backend) == ("native", "torch")
    x = torch.randn(3, 2, 4)
    torch.testing.assert_close(mine(x)[0], other(x)[0])


def test_one_state_dict_for_module_and_layer() -> None:
    cell = load("LSTM")
    options: dict[str, Any] = {"num_layers": 2, "bidirectional": True}
    module, layer = emitted(cell)(4, 5, **options), compile(cell, 4, 5, **options)
    x = torch.randn(3, 2, 4)
    layer.load_state_dict(module.state_dict())
    assert torch.equal(layer(x)[0], module(x)[0])
    with torch.no_grad():
        layer.edges()["l1.f.bias"].add_(1)
    module.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x)[0], module(x)[0])


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The emitted GRU as an imported module, which pickle can find."""
    file = tmp_path / "emitted_gru.py"
    file.write_text(GRU, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("emitted_gru", file)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "emitted_gru", made)
    spec.loader.exec_module(made)
    return made


def test_copies(module: ModuleType) -> None:
    layer = module.GRU(4, 5)
    x = torch.randn(3, 2, 4)
    expected = layer(x)[0]
    saved = io.BytesIO()
    torch.save(layer, saved)
    saved.seek(0)
    read = torch.load(saved, weights_only=False)
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), read):
        assert again.backend == "native"
        assert torch.equal(again(x)[0], expected)


def test_a_pickle_names_nothing_of_the_package(module: ModuleType) -> None:
    layer = module.GRU(4, 5).eval()
    with torch.no_grad():
        layer(torch.randn(3, 2, 4))
    assert layer.backend == "native"
    assert b"fenas_lang" not in pickle.dumps(layer).replace(layer.source.encode(), b"")


def test_inside_a_compiled_model() -> None:
    layer = class_in(GRU)(4, 5)
    x = torch.randn(3, 2, 4)
    counter = CompileCounterWithBackend("eager")
    run = torch.compile(layer, backend=counter, fullgraph=True)
    torch.testing.assert_close(run(x)[0], layer(x)[0])
    assert "fenas.loop" in str(counter.graphs[0].graph)
    torch.compiler.reset()


BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "fenas_lang":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
"""
RUN = """
import torch, emitted_gru
layer = emitted_gru.GRU(4, 5)
numbers = torch.load("numbers.pt")
layer.load_state_dict(numbers["parameters"])
output, state = layer(numbers["x"])
(output.sum() + (state**2).sum()).backward()
gradients = {name: p.grad for name, p in layer.named_parameters()}
torch.save({"output": output.detach(), "gradients": gradients}, "results.pt")
assert not any(name.startswith("fenas_lang") for name in sys.modules)
print(layer.backend)
"""
LIGHT = """
import sys, torch
before = set(sys.modules)
import emitted_gru
loaded = {n for n in set(sys.modules) - before if n.startswith("fenas_lang")}
print(*sorted(loaded & {"fenas_lang.engine.native", "fenas_lang.engine.compiled"}), "light")
"""


def run_python(code: str, folder: Path) -> str:
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_where_the_package_is_not_installed(module: ModuleType, tmp_path: Path) -> None:
    layer = module.GRU(4, 5)
    assert layer.backend == "native"
    x = torch.randn(6, 3, 4)
    numbers = {"x": x, "parameters": layer.state_dict()}
    torch.save(numbers, tmp_path / "numbers.pt")
    assert run_python(BLOCKED + RUN, tmp_path) == "torch\n"
    theirs = torch.load(tmp_path / "results.pt")
    output, state = layer(x)
    (output.sum() + (state**2).sum()).backward()
    torch.testing.assert_close(output, theirs["output"])
    for name, parameter in layer.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs["gradients"][name])


def test_importing_a_module_does_not_load_the_engine(module: ModuleType, tmp_path: Path) -> None:
    assert run_python(LIGHT, tmp_path) == "light\n"


@pytest.mark.parametrize("missing", [None, ModuleType("fenas_lang.engine.emitted")])
def test_a_package_that_does_not_fit(
    missing: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fenas_lang.engine.emitted", missing)
    layer = class_in(GRU)(4, 5)
    assert layer.backend == "torch"
    assert layer(torch.randn(2, 3, 4))[0].shape == (2, 3, 5)
