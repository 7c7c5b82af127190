"""Cells that are layers of torch.nn are recognised, their neighbours are not."""

import numpy as np
import pytest
import torch

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.normal_form import OutOfBudget
from fenas_lang.proof.references import REFERENCES, Recognition, Reference, recognise

D, H, BATCH = 4, 3, 5
RECOGNISED = {
    "RNN": "torch.nn.RNN",
    "IRNN": "torch.nn.RNN(nonlinearity='relu')",
    "LSTM": "torch.nn.LSTM",
    "NBNLP_LSTM": None,
    "GRU": "torch.nn.GRU",
}

GATES = "r = sigmoid(@x, @h); z = sigmoid(@x, @h);"
GRU_SPELLINGS = (
    "a = identity(@x); u = identity(@h); n = tanh(a, r*u); y = z*h + (1 - z)*n",
    "u = identity(@h); n = tanh(identity(@x) + u*r); y = n + z*(h - n)",
    "n = tanh(identity(@x) + r*identity(@h)); y = n - z*(n - h)",
    "n = tanh(r*identity(@h), identity(@x)); y = (1 - z)*n + h - (1 - z)*h",
)
NOT_GRUS = (
    "n = tanh(@x, @h); y = z*h + (1 - z)*n",
    "q = r*h; n = tanh(@x, @q); y = z*h + (1 - z)*n",
    "n = tanh(identity(@x) + r*identity(@h)); y = z*n + (1 - z)*n",
    "n = tanh(identity(@x) + z*identity(@h)); y = z*h + (1 - z)*n",
    "n = tanh(identity(@x) + r*identity(@h)); y = z*h + (1 - r)*n",
    "n = relu(identity(@x) + r*identity(@h)); y = z*h + (1 - z)*n",
    "n = tanh(identity(@x) + r*identity(@h)); y = z*h + (2 - z)*n",
)


def cell(body: str, header: str = "(x, h) -> y") -> Graph:
    return expand(lower(loads(f"cell C in open {header} {{ {body} }}")))


def torch_layer(reference: Reference) -> torch.nn.Module:
    """The layer that a reference's name constructs, in float64."""
    name, _, arguments = reference.name.removeprefix("torch.nn.").partition("(")
    options = eval(f"dict({arguments or ')'}")
    return getattr(torch.nn, name)(D, H, dtype=torch.float64, **options)


def weights_of(layer: torch.nn.Module, found: Recognition) -> dict[str, np.ndarray]:
    """The cell's parameters, from a layer's tensors."""
    return {
        name: sum(
            getattr(layer, f"{tensor}_l0").detach().numpy()[slot.block * H : (slot.block + 1) * H]
            for tensor in slot.tensors
        )
        for name, slot in found.correspondence.items()
    }


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_a_reference_computes_what_torch_does(reference: Reference) -> None:
    found = recognise(reference.graph)
    assert found is not None and found.reference == reference
    layer = torch_layer(reference)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH, D))
    states = [rng.standard_normal((BATCH, H)) for _ in reference.graph.states]
    given = [torch.tensor(state)[None] for state in states]
    _, after = layer(torch.tensor(x)[None], given[0] if len(given) == 1 else tuple(given))
    expected = [after] if len(given) == 1 else list(after)
    computed = interpret(reference.graph, x, states, weights_of(layer, found))
    for ours, theirs in zip(computed, expected, strict=True):
        np.testing.assert_allclose(ours, theirs[0].detach().numpy(), atol=1e-12)


@pytest.mark.parametrize("name", shipped_cells())
def test_which_shipped_cells_are_layers_of_torch(name: str) -> None:
    try:
        found = recognise(expand(lower(load(f"{name}.fen"))))
    except OutOfBudget:
        pytest.fail("shipped cells fit the budget")
    assert (found.name if found else None) == RECOGNISED.get(name)


@pytest.mark.parametrize("spelling", GRU_SPELLINGS)
def test_a_gru_is_recognised_however_it_is_spelled(spelling: str) -> None:
    found = recognise(cell(f"{GATES} {spelling}"))
    assert found is not None and found.name == "torch.nn.GRU" and found.biases_merged
    assert found.correspondence["r.x"].symbol == "W_ir"
    assert found.correspondence["z.bias"].symbol == "b_iz + b_hz"
    assert {slot.symbol for slot in found.correspondence.values()} >= {"b_in", "b_hn"}


@pytest.mark.parametrize("spelling", NOT_GRUS)
def test_a_neighbour_of_the_gru_is_not_one(spelling: str) -> None:
    assert recognise(cell(f"{GATES} {spelling}")) is None


@pytest.mark.parametrize(
    ("output_gate", "cell_state", "is_lstm"),
    [
        ("sigmoid(@x, @h)", "f*c + i*g", True),
        ("sigmoid(@h, @x)", "g*i + c*f", True),
        ("tanh(@x, @h)", "f*c + i*g", False),
        ("sigmoid(@x, @h)", "f*c + (1 - f)*g", False),
        ("sigmoid(@x, @h)", "f*c - i*g", False),
        ("sigmoid(@x)", "f*c + i*g", False),
    ],
)
def test_lstms_and_others(output_gate: str, cell_state: str, is_lstm: bool) -> None:
    gates = "i = sigmoid(@x, @h); f = sigmoid(@x, @h); g = tanh(@x, @h)"
    body = f"{gates}; o = {output_gate}; e = {cell_state}; y = o * tanh(e)"
    found = recognise(cell(body, "(x, h, c) -> (y, e)"))
    assert (found is not None and found.name == "torch.nn.LSTM") == is_lstm


def test_parameters_that_cancel_are_named() -> None:
    found = recognise(cell("a = identity(@x); y = tanh(@x, @h) + (a - a)"))
    assert found is not None and found.name == "torch.nn.RNN"
    assert found.ignored == ("a.x", "a.bias")


def test_without_bias() -> None:
    text = "cell C in open (x, h) -> y without bias { y = tanh(@x, @h) }"
    found = recognise(expand(lower(loads(text))))
    assert found is not None and found.name == "torch.nn.RNN(bias=False)"
    assert not found.biases_merged
