"""The text of an emitted module: formatted, stable, readable, and harmless whatever it is given."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SHIPPED, cells_of_any_space
from syrupy.assertion import SnapshotAssertion

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.emit import emit
from fenas_lang.emit.torch_docstring import docstring
from fenas_lang.emit.torch_names import class_name, frame_text
from fenas_lang.emit.torch_rows import NAMED, ROWS
from fenas_lang.functions import ACTIVATIONS
from fenas_lang.primitives import BILINEAR, ELEMENTWISE
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

GRU = """
# Gated recurrent unit, reset gate after the matrix product (Fig. 2a): ten nodes.
cell GRU(x, h_prev) -> h {
    r  = sigmoid(@x, @h_prev)
    z  = sigmoid(@x, @h_prev)
    a  = identity(@x)
    u  = identity(@h_prev)
    ru = r * u
    n  = tanh(a, ru)
    zn = z * n
    d  = n - zn
    zh = z * h_prev
    h  = d + zh
}
"""
LSTM = """
# Long short-term memory.
cell LSTM(x, h_prev, c_prev) -> (h, c) {
    i  = sigmoid(@x, @h_prev)
    f  = sigmoid(@x, @h_prev)
    g  = tanh(@x, @h_prev)
    o  = sigmoid(@x, @h_prev)
    fc = f * c_prev
    ig = i * g
    c  = fc + ig
    t  = tanh(c)
    h  = o * t
}
"""
RUFF = [sys.executable, "-m", "ruff"]


def cell_part(text: str) -> str:
    """An emitted module without the frame, which is the same for all."""
    head, rest = text.split("from __future__", 1)
    return head + rest[rest.index("\n\n\nclass ", rest.index("def _autocast")) :]


def run_module(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(text, namespace)
    return namespace


@pytest.mark.parametrize("source", [GRU, LSTM], ids=["GRU", "LSTM"])
def test_golden(source: str, snapshot: SnapshotAssertion) -> None:
    assert cell_part(emit(loads(source), "torch")) == snapshot


def test_the_frame_is_in_it_verbatim() -> None:
    assert frame_text() in emit(loads(GRU), "torch")


def test_gates_are_fused_and_the_input_is_hoisted() -> None:
    text = cell_part(emit(loads(LSTM), "torch"))
    before, step = text.split("def step(")
    assert before.count("F.linear(x,") == 1
    assert step.count("F.linear(") == 1


@pytest.mark.parametrize("name", ["GRU", "LSTM", "SRU", "ENAS"])
def test_it_runs_as_it_is(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.py"
    file.write_text(emit(load(name), "torch"), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert f"{name}(" in run.stdout and "output (5, 3, 16)" in run.stdout


def test_it_needs_only_torch() -> None:
    tree = ast.parse(emit(loads(GRU), "torch"))
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {m.split(".")[0] for m in modules} <= {"torch"} | set(sys.stdlib_module_names)


def test_emitting_loads_no_torch() -> None:
    program = (
        "import sys; from fenas_lang.emit import emit; from fenas_lang.check.loader import load;"
        "emit(load('GRU'), 'torch'); print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "False\n", run.stderr


AWKWARD = {
    "python keywords": """cell class(lambda, def) -> (while) {
        for = tanh(@lambda, @def); while = for * def }""",
    "names of the code around": """cell RecurrentLayer(self, torch) -> T {
        stack = tanh(@self, @torch); step = sigmoid(@stack, @torch); F = step * stack
        Tensor = F * torch; len = Tensor - F; masks = len * step; T = tanh(@masks, @step) }""",
    "names like generated ones": """cell C in open (x, h) -> n {
        x_weight = tanh(@x, @h); h_weight = sigmoid(@x, @h); from_x = tanh(@x, @h); r_x = relu(@h)
        r = tanh(@x, @r_x); n = x_weight + h_weight + from_x + r }""",
    "long names": f"""cell C{"long" * 50}(x{"long" * 50}, h) -> n{"b" * 200} {{
        n{"a" * 200} = tanh(@x{"long" * 50}, @h)
        n{"b" * 200} = tanh_skip(n{"a" * 200}, h) }}""",
    "many arguments": f"""cell C in open (x, h) -> n {{
        {"; ".join(f"node_number_{k} = tanh(@x, @h)" for k in range(40))}
        n = tanh({", ".join(f"node_number_{k}, @node_number_{k}" for k in range(40))}) }}""",
    "many states": f"""cell C in open (x, {", ".join(f"state_{k}" for k in range(30))}) -> ({
        ", ".join(f"node_{k}" for k in range(30))
    }) {{ {"; ".join(f"node_{k} = gelu(@x, @state_{k}, 0.{k + 1})" for k in range(30))} }}""",
    "a module's names": "cell Module(x, h) -> n { n = tanh(@x, @h) }",
    "a function's name": "cell print(nn, h) -> output { output = tanh(@nn, @h) }",
    "torch": "cell torch(x, h) -> n { n = tanh(@x, @h) }",
    "nn": "cell nn(x, h) -> n { n = tanh(@x, @h) }",
    "the check's variable": "cell layer(x, h) -> n { n = tanh(@x, @h) }",
    "no parameters": "cell P(x, h) -> n { n = x * h }",
    "a third": "cell P in open (x, h) -> n { n = mean(h, h * 0.3333, -h) + 1000000000000000000 }",
}


def formatted(text: str) -> str:
    command = [*RUFF, "format", "--isolated", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def linted(text: str) -> str:
    command = [*RUFF, "check", "--isolated", "--select", "E4,E7,E9,F,I,B,UP", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stdout


@pytest.mark.parametrize("source", AWKWARD.values(), ids=AWKWARD)
def test_awkward_cells_are_formatted_and_run(source: str) -> None:
    cell = loads(source)
    text = emit(cell, "torch")
    assert formatted(text) == text
    assert "All checks passed!" in linted(text)
    layer = run_module(text)[class_name(cell.name)](4, 4)
    output, _ = layer(torch.randn(3, 2, 4))
    assert output.shape == (3, 2, 4)
    assert layer.load_edges(layer.edges()) is None


def sampled(count: int) -> list[Cell]:
    rng = random.Random("emitted text")
    spaces = [load_space(name) for name in SHIPPED]
    return [sample(rng.choice(spaces), rng=rng, nodes=rng.randint(2, 24)) for _ in range(count)]


def test_many_cells_are_formatted(tmp_path: Path) -> None:
    cells = [*(load(name) for name in shipped_cells()), *sampled(150)]
    for number, cell in enumerate(cells):
        (tmp_path / f"cell_{number}.py").write_text(emit(cell, "torch"), encoding="utf-8")
    command = [*RUFF, "format", "--isolated", "--check", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.stdout == f"{len(cells)} files already formatted\n"


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space())
def test_the_same_cell_gives_the_same_text(cell: Cell) -> None:
    assert emit(loads(str(cell)), "torch") == emit(cell, "torch")


ESCAPES = [
    '"""',
    '""""',
    'a\\"""',
    "\\",
    'ends with a quote"',
    "\\N{DIGIT ONE} \\x41 \\",
    '"""\nimport os\n"""',
    "tab\tform\x0cbell\x07 delete\x7f",
    "next\x85line\u2028and\u2029paragraph",
    "bidi \u202e evil \u2066",
    "naïve café 中文 🎉",
    "'''",
    "{format} %s",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_no_comment_leaves_the_literals(text: str) -> None:
    lines = [f"# {line}" for line in text.split("\n")]
    source = "\n".join([*lines, "cell R(x, h) -> n {", *lines, " n = tanh(@x, @h)", "}"])
    check_literals(loads(source))


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])))
def test_no_text_leaves_the_literals(text: str) -> None:
    check_literals(loads(f"# {text}\ncell R(x, h) -> n {{\n n = tanh(@x, @h)  # {text}\n}}"))


def check_literals(cell: Cell) -> None:
    """What the cell's words are, the code is the same, and the words can be read back."""
    text = emit(cell, "torch")
    reference = emit(loads("cell R(x, h) -> n { n = tanh(@x, @h) }"), "torch")
    tree = ast.parse(text)
    source = take_source(tree)
    other = ast.parse(reference)
    take_source(other)
    assert ast.dump(ast.Module(tree.body[1:], [])) == ast.dump(ast.Module(other.body[1:], []))
    shown = ast.get_docstring(tree, clean=False)
    assert shown is not None
    for line in cell.documentation.splitlines():
        assert line.rstrip() in shown
    assert loads(source) == cell
    assert all(c.isprintable() or c == "\n" for c in (*docstring(cell), *text))


def take_source(tree: ast.Module) -> str:
    """The value of the emitted class's `source`, which is taken out of the tree."""
    body = next(n.body for n in reversed(tree.body) if isinstance(n, ast.ClassDef))
    found = next(n for n in body if isinstance(n, ast.Assign))
    body.remove(found)
    assert ast.unparse(found.targets[0]) == "source"
    return str(ast.literal_eval(found.value))


def test_documentation_is_in_the_docstring_and_source_in_the_class() -> None:
    tree = ast.parse(emit(loads(GRU), "torch"))
    shown = ast.get_docstring(tree)
    assert shown is not None and shown.count("Gated recurrent unit") == 1
    assert "Gated recurrent unit, reset gate after" in shown
    source = take_source(tree)
    assert "        zh = z * h_prev\n" in source
    assert "Gated recurrent unit" not in source


def test_every_elementwise_primitive_has_a_row() -> None:
    assert ROWS.keys() == ELEMENTWISE | (BILINEAR - {"linear"})


@pytest.mark.parametrize("function", NAMED)
def test_functions_that_torch_has_are_recognised(function: str) -> None:
    text = cell_part(
        emit(loads(f"cell C in open (x, h) -> n {{ n = {function}(@x, @h) }}"), "torch")
    )
    assert f".{function}(" in text.split("def step(")[1]


def test_recognition_is_only_sugar() -> None:
    """A function whose parts are read elsewhere stays in primitives."""
    source = "cell C in open (x, h) -> (n) { s = sigmoid(h); n = h * s + s }"
    assert "F.silu" not in emit(loads(source), "torch")
    assert ACTIVATIONS.keys() >= NAMED.keys()
