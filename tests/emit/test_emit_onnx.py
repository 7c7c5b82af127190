"""ONNX models of cells: which operator, what metadata, and what is refused."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import onnx
import pytest
from onnx_runs import checked, properties, run

import fenas_lang as fen
from fenas_lang.check.loader import shipped_cells
from fenas_lang.diagnostics import FenError
from fenas_lang.emit.onnx_scan import ROWS
from fenas_lang.primitives import ELEMENTWISE

D, H = 3, 4
OPERATORS = {
    "LSTM": ("LSTM", "torch.nn.LSTM"),
    "GRU": ("GRU", "torch.nn.GRU"),
    "RNN": ("RNN", "torch.nn.RNN"),
    "IRNN": ("RNN", "torch.nn.RNN(nonlinearity='relu')"),
    "GRU_reset_before": ("GRU", "onnx.GRU(linear_before_reset=0)"),
    "GRU_Chung": ("GRU", "onnx.GRU(linear_before_reset=0)"),
    "LSTM_peephole": ("LSTM", "onnx.LSTM(peepholes)"),
}


def emitted(cell: Any, **options: int) -> bytes:
    return fen.emit(cell, "onnx", **{"input_size": D, "hidden_size": H, **options})


def refused(cell: Any, **options: Any) -> str:
    with pytest.raises(FenError) as caught:
        emitted(cell, **options)
    return caught.value.diagnostics[0].code


def test_every_elementwise_primitive_has_a_row() -> None:
    assert set(ROWS) == ELEMENTWISE


@pytest.mark.parametrize("name", shipped_cells())
def test_the_operator_where_the_cell_is_proved_to_be_it(name: str) -> None:
    data = emitted(name, input_size=H)
    operator, reference = OPERATORS.get(name, ("Scan", None))
    ops = [node.op_type for node in checked(data).graph.node]
    assert ops.count(operator) == 1
    assert {"LSTM", "GRU", "RNN", "Scan"} & set(ops) == {operator}
    found = properties(data)
    assert (found["fen.operator"], found.get("fen.reference")) == (operator, reference)


def test_any_spelling_of_the_gru_is_the_operator() -> None:
    cell = fen.loads(
        "cell Mine(x, h) -> y { q = sigmoid(@h, @x); s = sigmoid(@x, @h); u = identity(@h);"
        " n = tanh(identity(@x) + s*u); y = h + q*(n - h) }"
    )
    found = properties(emitted(cell))
    assert found["fen.reference"] == "torch.nn.GRU"
    correspondence = json.loads(found["fen.correspondence"])
    assert correspondence["q.x"] == "-(W_iz)" and correspondence["s.x"] == "W_ir"
    assert correspondence["s.bias"] == "b_ir + b_hr"


def test_the_model_says_what_it_is() -> None:
    cell = fen.load("minGRU")
    data = emitted(cell)
    found, model = properties(data), checked(data)
    assert fen.loads(found["fen.source"]) == cell
    assert found["fen.canonical_key"] == fen.canonical_key(cell)
    assert found["fen.ring_key"] == fen.ring_key(cell)
    assert model.producer_name == "fenas_lang" and model.graph.name == "minGRU"
    assert model.doc_string == cell.documentation
    (opset,) = model.opset_import
    assert (opset.domain, opset.version) == ("", 17)


def test_hostile_comments_stay_text() -> None:
    cell = fen.loads("# \ud800 \x00 \u202e\ncell C(x, h) -> y { y = tanh(@x, @h) }")
    assert "\u202e" not in checked(emitted(cell)).doc_string


def test_weights_are_drawn_by_the_seed_as_a_layer_draws_them() -> None:
    one, same, other = emitted("MGU"), emitted("MGU", seed=0), emitted("MGU", seed=1)
    assert one == same != other
    layer = fen.compile("MGU", D, H)
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in checked(one).graph.initializer}
    for name, edge in layer.edges().items():
        assert tensors[name].shape == edge.shape
        assert 0 < abs(tensors[name]).max() <= H**-0.5


def test_axes_of_time_and_batch_are_open() -> None:
    graph = checked(emitted("LSTM")).graph
    shapes = {
        v.name: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*graph.input, *graph.output)
    }
    assert shapes["x"] == ["time", "batch", D] and shapes["output"] == ["time", "batch", H]
    assert shapes["h_prev"] == shapes["c_prev"] == [1, "state_batch", H]
    assert shapes["final_h_prev"] == shapes["final_c_prev"] == [1, "batch", H]
    output, h, c = run(emitted("LSTM"), {"x": np.ones((2, 5, D), dtype=np.float32)})
    assert output.shape == (2, 5, H) and h.shape == c.shape == (1, 5, H)


def test_sizes_that_are_refused() -> None:
    assert refused("GRU", input_size=0) == "FEN200"
    assert refused("GRU", hidden_size=2.5) == "FEN200"
    assert refused(fen.loads("cell P(x, h) -> n { n = x * h }")) == "FEN201"
    assert refused("LSTM", input_size=30_000, hidden_size=30_000) == "FEN235"


def test_numbers_beyond_single_precision() -> None:
    cell = fen.loads(f"cell C in open (x, h) -> y {{ a = tanh(@x, @h); y = a * {10**39} }}")
    output, _ = run(emitted(cell), {"x": np.ones((1, 1, D), dtype=np.float32)})
    assert np.isinf(output).all()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert refused("GRU") == "FEN233"
    with pytest.raises(FenError) as caught:
        fen.compile("GRU", D, H).to_onnx("gru.onnx")
    assert caught.value.diagnostics[0].code == "FEN233"
    assert "fenas-lang[onnx]" in str(caught.value)
