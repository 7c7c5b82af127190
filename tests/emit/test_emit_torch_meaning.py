"""Emitted modules and compiled layers agree with the interpreter, and so do their gradients."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import naive_torch
import numpy as np
import pytest
import torch
from strategies import SHIPPED, output_words
from torch import Tensor, nn

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.emit import emit
from fenas_lang.emit.torch_names import class_name
from fenas_lang.engine.layer import compile
from fenas_lang.functions import ACTIVATIONS
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.interpret import random_parameters, run
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

TIME, BATCH, INPUT, HIDDEN = 4, 3, 3, 4
TOLERANCE, CHAOS = 1e-10, 1e-11
MOST_LEFT_OUT = 0.1


Numbers = tuple[np.ndarray, list[np.ndarray], dict[str, np.ndarray]]
Results = tuple[list[np.ndarray], dict[str, np.ndarray]]
Change = Callable[[Tensor], Tensor]


def emitted_class(cell: Cell) -> Any:
    """The class in plain torch, as where this package is not installed."""
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(cell, "torch"), namespace)
    made = namespace[class_name(cell.name)]
    made.engine = None
    return made


@dataclass(frozen=True)
class Case:
    """A cell with numbers to run it on."""

    cell: Cell
    seed: int

    @cached_property
    def flow(self) -> Dataflow:
        return lower(self.cell)

    @cached_property
    def graph(self) -> Graph:
        return expand(self.flow)

    @property
    def sizes(self) -> tuple[int, int]:
        return (HIDDEN if self.flow.forces_square else INPUT), HIDDEN

    @cached_property
    def numbers(self) -> Numbers:
        """The input, the first states, and the parameters."""
        rng = np.random.default_rng(self.seed)
        x = rng.normal(size=(TIME, BATCH, self.sizes[0]))
        states = [rng.normal(size=(BATCH, HIDDEN)) for _ in self.flow.states]
        return x, states, random_parameters(self.graph, *self.sizes, rng)

    def reference(self) -> list[np.ndarray]:
        """The interpreter's outputs and final states."""
        outputs, finals = run(self.graph, *self.numbers)
        return [outputs, *finals]

    def naive(self, rounded: Change = lambda value: value) -> Results:
        """A naive evaluation; with `rounded`, of changed numbers and with changed values."""
        x, states, parameters = self.numbers
        leaves = _leaves(x, states, parameters)
        changed = {name: rounded(leaf) for name, leaf in leaves.items()}
        x_leaf, *state_leaves = (changed[k] for k in ("x", *self._state_keys))
        naive = naive_torch.Run(self.flow, changed, rounded=rounded)
        outputs, finals = naive.sequence(x_leaf, state_leaves)
        values = [outputs, *finals]
        return [v.detach().numpy() for v in values], _gradients(values, leaves)

    @property
    def _state_keys(self) -> list[str]:
        return [f"state {k}" for k in range(len(self.flow.states))]

    def results(self, layer: nn.Module) -> Results:
        """A layer's outputs and final states, and its gradients."""
        x, states, parameters = self.numbers
        layer.load_edges(parameters)  # type: ignore[operator]
        leaves = _leaves(x, states, {})
        x_leaf, *state_leaves = (leaves[k] for k in ("x", *self._state_keys))
        hx = [state[None] for state in state_leaves]
        outputs, finals = layer(x_leaf, hx[0] if len(hx) == 1 else hx)
        finals = [finals] if isinstance(finals, Tensor) else finals
        values = [outputs, *(final[0] for final in finals)]
        every = {**leaves, **layer.edges()}  # type: ignore[operator]
        return [v.detach().numpy() for v in values], _gradients(values, every)


def last_places() -> Change:
    """Moves every number of a tensor by its last place, up or down."""
    generator = torch.Generator().manual_seed(0)

    def moved(values: Tensor) -> Tensor:
        signs = torch.randint(0, 2, values.shape, generator=generator) * 2 - 1
        return values * (1 + signs.double() * 2**-52)

    return moved


def _leaves(
    x: np.ndarray, states: list[np.ndarray], parameters: Mapping[str, np.ndarray]
) -> dict[str, Tensor]:
    arrays = {"x": x, **{f"state {k}": s for k, s in enumerate(states)}, **parameters}
    return {name: torch.tensor(a, requires_grad=True) for name, a in arrays.items()}


def _gradients(values: list[Tensor], leaves: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    weighted = sum((v * torch.linspace(0.5, 1.5, v.numel()).view_as(v)).sum() for v in values)
    assert isinstance(weighted, Tensor)
    if not weighted.requires_grad:
        return {name: np.zeros(leaf.shape) for name, leaf in leaves.items()}
    found = torch.autograd.grad(weighted, list(leaves.values()), allow_unused=True)
    return {
        name: np.zeros(leaf.shape) if g is None else g.numpy()
        for (name, leaf), g in zip(leaves.items(), found, strict=True)
    }


def close(value: np.ndarray, reference: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    scale = 1 + np.abs(reference).max(initial=0)
    return bool(np.abs(value - reference).max(initial=0) <= tolerance * scale)


def well_conditioned(case: Case) -> bool:
    """Whether rounding once more, everywhere, moves neither values nor gradients."""
    values, gradients = case.naive()
    moved_values, moved_gradients = case.naive(last_places())
    pairs = [
        *zip(values, moved_values, strict=True),
        *((gradient, moved_gradients[name]) for name, gradient in gradients.items()),
    ]
    return all(np.isfinite(a).all() and close(b, a, CHAOS) for a, b in pairs)


def check_case(case: Case) -> bool:
    """Whether the case is well conditioned; if so, module and layer must agree with references."""
    if not well_conditioned(case):
        return False
    reference, (_, gradients) = case.reference(), case.naive()
    for layer in (
        emitted_class(case.cell)(*case.sizes, dtype=torch.float64),
        compile(case.cell, *case.sizes, dtype=torch.float64),
    ):
        values, found = case.results(layer)
        for value, expected in zip(values, reference, strict=True):
            assert close(value, expected), str(case.cell)
        assert found.keys() == gradients.keys()
        for name, expected in gradients.items():
            assert close(found[name], expected), (name, str(case.cell))
    return True


def random_cells(space: str, count: int) -> Iterator[Cell]:
    chosen = load_space(space)
    rng = random.Random(f"emitted torch, {space}")
    least, most = chosen.states
    for _ in range(count):
        yield sample(
            chosen,
            rng=rng,
            nodes=rng.randint(*chosen.nodes),
            states=rng.randint(least, min(most or 3, 3)),
            output=rng.choice(output_words(chosen)),
            by=rng.choice(["uniform", "choices"]),
        )


def check_space(space: str, count: int) -> None:
    checked = [check_case(Case(cell, seed)) for seed, cell in enumerate(random_cells(space, count))]
    assert checked.count(False) <= MOST_LEFT_OUT * count


@pytest.mark.parametrize("space", SHIPPED)
def test_random_cells(space: str) -> None:
    check_space(space, 40)


@pytest.mark.slow
@pytest.mark.parametrize("space", SHIPPED)
def test_many_random_cells(space: str) -> None:
    check_space(space, 500)


@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells(name: str) -> None:
    assert check_case(Case(load(name), 0))


@pytest.mark.parametrize("function", ACTIVATIONS)
@pytest.mark.parametrize("form", ["@x, @h", "h, g", "@x, @.h, g, 0.5", "zero", "@x, @x, @h, @g"])
def test_every_function_in_every_form(function: str, form: str) -> None:
    cell = loads(f"cell C in open (x, h, g) -> (n, m) {{ n = {function}({form})\n m = g - n }}")
    assert check_case(Case(cell, 1))


BODIES = {
    "an output that is a state": "-> (h, g) { n = tanh(@x) }",
    "an output that is the input": "-> (x, h) { n = tanh(@x) }",
    "outputs that are the same node": "-> (n, n) { n = tanh(@x, @h) }",
    "swapped states": "-> (g, h) { n = tanh(@x) }",
    "a state that x alone decides": "-> (n, m) { n = tanh(@x); m = sigmoid(@n, h) }",
    "constants only": "-> (n, m) { n = sigmoid(zero); m = exp(n) }",
    "a constant output": "-> (n, m) { n = zero + zero; m = identity(zero) }",
    "a matrix times a constant": "-> (n, m) { n = exp(zero); m = tanh(@n, @.n, @h) }",
    "a fraction of constants": "-> (n, m) { n = mean(zero, zero, zero); m = mean(h, n, zero) }",
    "a literal in a sum": "-> (n, m) { n = tanh(@h, 0.25); m = sigmoid(@.g, 3, h) }",
    "a literal and no bias": "-> (n, m) without bias { n = tanh(@h, 0.25); m = tanh(@x, 1, @g) }",
    "means of three": "-> (n, m) { n = mean(h, g, @x); m = mean(n, n, h) }".replace("@x", "g"),
    "a hoisted plain part": "-> (n, m) { a = tanh(@x); n = relu(@h, a); m = tanh(@a, @a, @n) }",
    "an edge that waits": "-> (n, m) { a = tanh(@x, @h); n = tanh(@h, @a); m = tanh(@g, @n, @a) }",
    "a sum with a name": "-> (n, m) { a = identity(@x, @h); b = a + g; n = tanh(a); m = b * a }",
    "x plain": "-> (n, m) { n = x * h; m = -x - n }",
    "skips": "-> (n, m) { n = tanh_skip(x, h); m = relu_skip(n, zero) }",
    "one sum in two skips": "-> (n, m) { n = tanh_skip(h, g); m = relu_skip(h, g) }",
    "nothing but a skip of zero": "-> (n, m) { n = tanh_skip(zero); m = sigmoid_skip(h, n) }",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_corners_of_the_language(body: str) -> None:
    assert check_case(Case(loads(f"cell C in open (x, h, g) {body}"), 2))
