"""Recipes of NAS-Bench-NLP, published ones and all of the recovered table where it is at hand."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.importers import import_cell
from fenas_lang.importers.nas_bench_nlp import OPERATIONS, from_recipe
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.syntax.ast import Cell

LAYERS = ((400, 600), (600, 600), (600, 400))
"""Input and hidden sizes of the benchmark's three layers."""


def node(op: str, *inputs: str) -> dict[str, object]:
    return {"op": op, "input": list(inputs)}


def linear_and(activation: str, name: str, *inputs: str) -> dict[str, object]:
    return {
        f"{name}_pre": node("linear", *inputs),
        name: node(f"activation_{activation}", f"{name}_pre"),
    }


LSTM = {
    "h_new_0": node("elementwise_prod", "h_new_1_act", "o"),
    "h_new_1_act": node("activation_tanh", "h_new_1"),
    "h_new_1": node("elementwise_sum", "kept", "added"),
    "kept": node("elementwise_prod", "f", "h_prev_1"),
    "added": node("elementwise_prod", "i", "j"),
    **linear_and("tanh", "i", "x", "h_prev_0"),
    **linear_and("sigm", "j", "x", "h_prev_0"),
    **linear_and("sigm", "f", "x", "h_prev_0"),
    **linear_and("tanh", "o", "x", "h_prev_0"),
}
BEST = {
    **linear_and("sigm", "a", "h_prev_0", "x"),
    **linear_and("sigm", "h_new_1", "x", "a"),
    **linear_and("tanh", "g", "a", "h_new_1"),
    "b": node("blend", "h_prev_1", "h_prev_0", "g"),
    "h_new_0": node("blend", "a", "b", "h_new_1"),
}
GRU = {
    **linear_and("sigm", "r", "x", "h_prev_0"),
    **linear_and("sigm", "z", "x", "h_prev_0"),
    "rh": node("elementwise_prod", "r", "h_prev_0"),
    **linear_and("tanh", "tilde", "x", "rh"),
    "h_new_0": node("blend", "z", "h_prev_0", "tilde"),
}


def code_of(recipe: object) -> str:
    with pytest.raises(FenError) as caught:
        import_cell(recipe if isinstance(recipe, str) else json.dumps(recipe), "nas_bench_nlp")
    [diagnostic] = caught.value.diagnostics
    return diagnostic.code


@pytest.mark.parametrize(("recipe", "shipped"), [(LSTM, "NBNLP_LSTM"), (BEST, "NBNLP_3537")])
def test_published_recipes_are_the_shipped_cells(recipe, shipped):
    for text in (json.dumps(recipe), json.dumps({"arch": 1, "recipe": recipe})):
        cell = import_cell(text, "nas_bench_nlp")
        assert canonical_key(lower(cell)) == canonical_key(lower(load(shipped)))
    assert canonical_key(lower(from_recipe(recipe))) == canonical_key(lower(load(shipped)))


def test_the_benchmarks_gru_computes_its_equations():
    graph = expand(lower(from_recipe(GRU)))
    rng = np.random.default_rng(0)
    w = random_parameters(graph, 3, 4, rng)
    x, h = rng.normal(size=3), rng.normal(size=4)

    def linear(name: str, **inputs: np.ndarray) -> np.ndarray:
        return sum(w[f"{name}_pre.{k}"] @ v for k, v in inputs.items()) + w[f"{name}_pre.bias"]

    r, z = (1 / (1 + np.exp(-linear(gate, x=x, h_prev_0=h))) for gate in "rz")
    tilde = np.tanh(linear("tilde", x=x, rh=r * h))
    [got] = interpret(graph, x, [h], w)
    np.testing.assert_allclose(got, z * h + (1 - z) * tilde, rtol=1e-12)


def test_nodes_keep_legal_names_and_get_others_for_the_rest():
    recipe = {
        "tanh": node("linear", "x"),
        "n0": node("linear", "h_prev_0"),
        "a b": node("elementwise_sum", "tanh", "n0"),
        "h_new_0": node("activation_tanh", "a b"),
    }
    cell = from_recipe(recipe)
    assert {n.name for n in cell.nodes} == {"n0", "n1", "n2", "h_new_0"}


@pytest.mark.parametrize(
    ("recipe", "code"),
    [
        ("{", "FEN311"),
        ("[" * 100_000, "FEN311"),
        ({}, "FEN311"),
        ([], "FEN311"),
        ({"h_new_0": 1}, "FEN311"),
        ({"h_new_0": {"op": "linear"}}, "FEN311"),
        ({"h_new_0": {"op": "linear", "input": [1]}}, "FEN311"),
        ({"y": node("linear", "x")}, "FEN311"),
        ({"h_new_1": node("linear", "x")}, "FEN311"),
        ({f"n{k}": node("linear", "x") for k in range(5000)}, "FEN311"),
        ({"h_new_0": node("activation_relu", "x")}, "FEN312"),
        ({"h_new_0": node("linear")}, "FEN313"),
        ({"h_new_0": node("blend", "x", "x")}, "FEN313"),
        ({"h_new_0": node("linear", "h_prev_1")}, "FEN313"),
        ({"h_new_0": node("linear", "h_new_0")}, "FEN313"),
        ({"h_new_0": node("linear", "a"), "a": node("linear", "h_new_0")}, "FEN313"),
    ],
)
def test_mistakes(recipe, code):
    assert code_of(recipe) == code


def test_its_outputs_cannot_be_replaced():
    with pytest.raises(FenError, match="FEN310"):
        import_cell(json.dumps(LSTM), "nas_bench_nlp", output="loose")


NAMES = st.sampled_from(["x", "h_prev_0", "h_new_0", "h_new_1", "a", "gate", "h_1"])
NODES = st.fixed_dictionaries(
    {"op": st.sampled_from([*OPERATIONS, "none"]), "input": st.lists(NAMES, max_size=3)}
)


@given(st.one_of(st.text(), st.dictionaries(NAMES, NODES, min_size=1).map(json.dumps)))
def test_any_text_is_a_cell_or_a_diagnostic(text):
    try:
        assert isinstance(import_cell(text, "nas_bench_nlp"), Cell)
    except FenError as error:
        assert error.diagnostics


def test_recovered_recipes_have_the_published_numbers_of_parameters(real_data):
    table = real_data / "nas-bench-nlp" / "architectures.jsonl.gz"
    with gzip.open(table, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        flow = lower(from_recipe(row))
        assert len(flow.states) == row["hidden_states"]
        counted = sum(np.prod(p.sizes(D, H)) for p in flow.parameters for D, H in LAYERS)
        assert counted == row["cell_params"], row["arch"]
