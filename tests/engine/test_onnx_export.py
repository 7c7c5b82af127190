"""Exported layers compute in onnxruntime what they compute in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from onnx_runs import checked, layer_results, properties, run
from strategies import cells_of_any_space

import fenas_lang as fen
from fenas_lang.check.loader import shipped_cells
from fenas_lang.engine.onnx_export import onnx_bytes
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell

D, H = 3, 4
TOLERANCES = {torch.float16: 5e-3, torch.float32: 1e-5, torch.float64: 1e-10}
LAYOUTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "two levels, two directions": {"num_layers": 2, "bidirectional": True, "batch_first": True},
}
CORNERS = (
    "(h, g) { n = tanh(@x) }",
    "(x, h) { n = tanh(@x) }",
    "(n, n) { n = tanh(@x, @h) }",
    "(g, h) { n = tanh(@x) }",
    "(n, m) { n = sigmoid(zero); m = exp(n) }",
    "(n, m) { n = zero + zero; m = identity(zero) }",
    "(n, m) { n = exp(zero); m = tanh(@n, @.n, @h) }",
    "(n, m) { n = tanh(@h, 0.25); m = sigmoid(@.g, 3, h) }",
    "(n, m) { a = tanh(@x); n = relu(@h, a); m = tanh(@a, @a, @n) }",
    "(n, m) { a = tanh(@x, @h); n = tanh(@h, @a); m = tanh(@g, @n, @a) }",
    "(n, m) { n = tanh_skip(h, g); m = relu_skip(h, g) }",
    "(n, m) { n = tanh(@x); m = n * h }",
    "(n, m) { n = tanh(@h, @g); m = tanh(@h, n) }",
    "(n, m) { a = identity(@x); n = tanh(@h, a); m = tanh(@h, a) * sigmoid(@x) }",
    "(n, m) { n = gelu(@x, @h); m = softplus(n, g) }",
    "(n, m) { n = leaky_relu(@x, @h); m = elu(n, g) * 100 }",
)


def layer_of(cell: Cell | str, **options: Any) -> Any:
    """A small layer, D unlike H where the cell allows it, one level where it must be."""
    cell = fen.load(cell) if isinstance(cell, str) else cell
    square = lower(cell).forces_square
    if square and options.get("bidirectional"):
        options["num_layers"] = 1
    return fen.compile(cell, H if square else D, H, **options)


def exported(layer: Any) -> bytes:
    return onnx_bytes(layer, layer.cell, layer.dataflow)


def close(one: np.ndarray, two: np.ndarray, tolerance: float) -> bool:
    return bool(np.abs(one - two).max(initial=0) <= tolerance * (1 + np.abs(two).max(initial=0)))


def numbers(layer: Any, time: int, batch: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """An input and initial states, the same for the same sizes."""
    generator = torch.Generator().manual_seed(0)
    dtype = next((p.dtype for p in layer.parameters()), torch.float32)
    lead = (batch, time) if layer.batch_first else (time, batch)
    runs = layer.num_layers * (1 + layer.bidirectional)
    states = [torch.randn(runs, batch, H, generator=generator).to(dtype) for _ in layer.state_names]
    x = torch.randn(*lead, layer.input_size, generator=generator)
    return x.to(dtype), states


def assert_same(layer: Any, time: int = 5, batch: int = 3, factor: float = 1) -> None:
    """The model's outputs, without and with initial states, are the layer's."""
    data = exported(layer)
    x, states = numbers(layer, time, batch)
    for given_states in (None, states):
        values = {layer.cell.input: x}
        if given_states is not None:
            values |= dict(zip(layer.cell.states, given_states, strict=True))
        expected = layer_results(layer, x, given_states)
        for found, value in zip(run(data, values), expected, strict=True):
            assert found.shape == value.shape
            assert close(found, value, factor * TOLERANCES[x.dtype]), str(layer.cell)


def is_tame(layer: Any) -> bool:
    """Whether its results stay finite, and nearly the same when all inputs change a little."""
    x, states = numbers(layer, 3, 3)
    little = 100 * torch.finfo(x.dtype).eps
    moved = [state * (1 + little) for state in states]
    pairs = [
        *zip(layer_results(layer, x, None), layer_results(layer, x + little, None), strict=True),
        *zip(layer_results(layer, x, states), layer_results(layer, x, moved), strict=True),
    ]
    finite = all(np.isfinite(value).all() for pair in pairs for value in pair)
    return finite and all(close(a, b, 100 * little) for a, b in pairs)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("name", shipped_cells())
def test_every_shipped_cell(name: str, layout: dict[str, Any]) -> None:
    torch.manual_seed(0)
    assert_same(layer_of(name, **layout))


@pytest.mark.parametrize(
    "name", ["LSTM", "GRU", "GRU_Chung", "IRNN", "LSTM_peephole", "MGU", "RHN3"]
)
def test_cells_without_biases(name: str) -> None:
    torch.manual_seed(0)
    assert_same(layer_of(name, bias=False, bidirectional=True))


@pytest.mark.parametrize("body", CORNERS)
def test_corners_of_the_language(body: str) -> None:
    torch.manual_seed(1)
    cell = fen.loads(f"cell C in open (x, h, g) -> {body}")
    assert_same(layer_of(cell))
    assert_same(layer_of(cell, bidirectional=True, bias=False))


def sampled(cell: Cell, seed: int) -> None:
    torch.manual_seed(seed)
    only_single = "gelu" in str(cell) or "erf" in str(cell)  # onnxruntime has no Erf in float64
    layer = layer_of(cell, dtype=torch.float32 if only_single else torch.float64)
    assume(is_tame(layer))
    assert_same(layer, time=3, factor=10)


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space(), st.integers(0, 99))
def test_sampled_cells(cell: Cell, seed: int) -> None:
    sampled(cell, seed)


@pytest.mark.slow
@settings(max_examples=600, deadline=None)
@given(cells_of_any_space(), st.integers(0, 99))
def test_many_sampled_cells(cell: Cell, seed: int) -> None:
    sampled(cell, seed)


@pytest.mark.parametrize("name", ["GRU", "LSTM_peephole", "MGU", "NASCell"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_other_precisions(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(2)
    assert_same(layer_of(name, dtype=dtype))


@pytest.mark.parametrize(("time", "batch"), [(1, 1), (1, 4), (9, 1)])
def test_one_model_for_every_length_and_batch(time: int, batch: int) -> None:
    for name in ("LSTM", "MGU"):
        assert_same(layer_of(name, num_layers=2), time, batch)


@pytest.mark.parametrize("name", ["LSTM", "LSTM_peephole", "GRU", "GRU_Chung", "RNN", "MGU"])
def test_it_is_what_the_specification_says(name: str) -> None:
    """Not onnxruntime, but ONNX's own evaluator of the operators' definitions."""
    layer = layer_of(name)
    x, states = numbers(layer, 4, 2)
    values = dict(zip((layer.cell.input, *layer.cell.states), (x, *states), strict=True))
    evaluator = ReferenceEvaluator(checked(exported(layer)))
    found = evaluator.run(None, {name: value.numpy() for name, value in values.items()})
    for one, two in zip(found, layer_results(layer, x, states), strict=True):
        assert close(one, two, 1e-5)


@pytest.mark.parametrize("name", ["GRU", "UGRNN"])
def test_one_initial_state_for_the_whole_batch(name: str) -> None:
    layer = layer_of(name)
    x, state = torch.randn(5, 3, D), torch.randn(1, 1, H)
    one, _ = run(exported(layer), {"x": x, "h_prev": state})
    all_rows, _ = run(exported(layer), {"x": x, "h_prev": state.expand(1, 3, H)})
    assert np.array_equal(one, all_rows)


def test_the_file_of_a_trained_layer_is_for_inference(tmp_path: Path) -> None:
    layer = layer_of("GRU", num_layers=2, dropout=0.5, variational={"x": 0.5, "h": 0.5})
    x = torch.randn(4, 2, D)
    layer.train()(x)[0].sum().backward()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter -= parameter.grad
    layer.to_onnx(tmp_path / "gru.onnx")
    assert layer.training
    data = (tmp_path / "gru.onnx").read_bytes()
    assert data == exported(layer)
    for found, value in zip(run(data, {"x": x}), layer_results(layer, x, None), strict=True):
        assert close(found, value, 1e-5)


def test_weights_keep_the_names_of_edges() -> None:
    layer = layer_of("MGU", num_layers=2, bidirectional=True)
    held = {tensor.name: tensor for tensor in checked(exported(layer)).graph.initializer}
    for name, edge in layer.edges().items():
        assert tuple(held[name].dims) == edge.shape


def test_names_of_inputs_and_outputs() -> None:
    cell = fen.loads("cell C(final_h, W, output) -> (b, a) { a = tanh(@final_h, @W); b = a * W }")
    graph = checked(exported(layer_of(cell))).graph
    assert [value.name for value in graph.input] == ["final_h", "W", "output"]
    assert [value.name for value in graph.output] == ["output_2", "final_W", "final_output"]
    assert_same(layer_of(cell))
    assert_same(layer_of(fen.loads("cell C(W, R) -> h { h = tanh(@W, @R) }")))


def test_a_layer_without_biases_is_a_cell_without_bias() -> None:
    found = properties(exported(layer_of("LSTM", bias=False)))
    written = fen.loads(found["fen.source"])
    assert not written.bias
    assert found["fen.canonical_key"] == fen.canonical_key(written)
    assert found["fen.reference"] == "torch.nn.LSTM(bias=False)"
