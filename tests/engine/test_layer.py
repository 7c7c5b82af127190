"""The compiled layer as an `nn.Module`: names, state, copies, pickles, and what it refuses."""

from __future__ import annotations

import copy
import gc
import linecache
import multiprocessing
import pickle
import traceback
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence

from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit
from fenas_lang.engine.kernel import shared_object
from fenas_lang.engine.layer import compile
from fenas_lang.rules import build

MIXED = """
# Every kind of parameter.
cell Mixed in open (x, h, c) -> (n, m) {
    r = sigmoid(@x, @x, @h, @.c)
    n = tanh_skip(r, h)
    m = c * r
}
"""
PLAIN = "cell Plain(x, h) -> n4 { n = tanh(@x, @h); n4 = x * n }"


def emitted(source: str, name: str, *arguments: Any, **options: Any) -> nn.Module:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(loads(source), "torch"), namespace)
    layer = namespace[name](*arguments, **options)
    assert isinstance(layer, nn.Module)
    return layer


def code_of(raised: pytest.ExceptionInfo[FenError]) -> str:
    (diagnostic,) = raised.value.diagnostics
    return diagnostic.code


def test_edges_have_the_names_and_shapes_of_the_language() -> None:
    layer = compile(loads(MIXED), 3, 4)
    assert {name: tuple(edge.shape) for name, edge in layer.edges().items()} == {
        "r.x": (4, 3),
        "r.x.2": (4, 3),
        "r.h": (4, 4),
        "r.c": (4,),
        "r.bias": (4,),
        "n.r": (4, 4),
        "n.h": (4, 4),
        "n.bias": (4,),
        "n.gate.r": (4, 4),
        "n.gate.h": (4, 4),
        "n.gate.bias": (4,),
    }
    assert list(layer.state_dict())[:2] == ["edge__r__x", "edge__r__x__2"]


def test_layers_and_directions_prefix_the_names() -> None:
    layer = compile(loads(MIXED), 3, 4, num_layers=2, bidirectional=True)
    edges = layer.edges()
    assert edges["l0.r.x"].shape == (4, 3)
    assert edges["l0.reverse.r.x"].shape == (4, 3)
    assert edges["l1.reverse.r.x"].shape == (4, 8)
    assert "edge__l1__reverse__n__gate__bias" in layer.state_dict()
    assert "l0.r.x" in compile(loads(MIXED), 3, 4, num_layers=2).edges()


def test_dead_nodes_own_no_parameters() -> None:
    layer = compile(loads("cell C(x, h) -> n { a = tanh(@x); n = tanh(@h) }"), 3, 4)
    assert set(layer.edges()) == {"n.h", "n.bias"}


def test_no_bias_is_the_same_as_without_bias() -> None:
    with_option = compile(loads(MIXED), 3, 4, bias=False)
    in_text = compile(loads(MIXED.replace("(n, m) {", "(n, m) without bias {")), 3, 4)
    assert list(with_option.edges()) == list(in_text.edges())
    in_text.load_edges(with_option.edges())
    x = torch.randn(3, 2, 3)
    assert torch.equal(with_option(x)[0], in_text(x)[0])


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}], ids=str)
def test_a_state_dict_moves_between_layer_and_emitted_module(options: dict[str, Any]) -> None:
    ours, theirs = compile(loads(MIXED), 3, 4, **options), emitted(MIXED, "Mixed", 3, 4, **options)
    x = torch.randn(3, 2, 3)
    assert not torch.equal(ours(x)[0], theirs(x)[0])
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    torch.testing.assert_close(ours(x)[0], theirs(x)[0])
    ours.load_state_dict(emitted(MIXED, "Mixed", 3, 4, **options).state_dict())


def test_it_says_what_it_is() -> None:
    cell = load("GRU")
    layer = compile(cell, 3, 4)
    assert layer.backend == ("torch" if shared_object() is None else "native")
    assert layer.cell == cell and layer.cell.documentation == cell.documentation
    assert type(layer).__name__ == "GRU"
    assert compile("gru.fen", 3, 4).cell == cell


def test_equal_cells_share_a_class() -> None:
    assert type(compile(loads(MIXED), 3, 4)) is type(compile(loads(MIXED), 5, 6))
    other = MIXED.replace("Every kind", "Some kinds")
    assert type(compile(loads(other), 3, 4)) is not type(compile(loads(MIXED), 3, 4))


def test_load_edges_names_what_is_wrong() -> None:
    layer = compile(loads(PLAIN), 4, 4)
    edges = {name: torch.zeros_like(edge) for name, edge in layer.edges().items()}
    with pytest.raises(ValueError, match=r"no edge is called n\.y; .* no value for n\.x"):
        layer.load_edges({"n.y" if name == "n.x" else name: e for name, e in edges.items()})
    with pytest.raises(ValueError, match=r"n\.bias is \(4,\), the value is \(3,\)"):
        layer.load_edges({**edges, "n.bias": torch.zeros(3)})
    before = layer.edges()["n.x"]
    layer.load_edges({**edges, "n.x": [[1, 2, 3, 4]] * 4})
    assert layer.edges()["n.x"] is before
    assert before[0].tolist() == [1, 2, 3, 4]


def assert_same_layer(copied: nn.Module, layer: nn.Module) -> None:
    x = torch.randn(3, 2, layer.input_size)  # type: ignore[arg-type]
    assert type(copied) is type(layer)
    assert copied.training == layer.training
    assert torch.equal(copied(x)[0], layer(x)[0])
    assert next(copied.parameters()) is not next(layer.parameters())


@pytest.mark.parametrize("source", [MIXED, PLAIN], ids=["Mixed", "Plain"])
def test_pickles_and_deep_copies(source: str) -> None:
    layer = compile(loads(source), 4, 4, num_layers=2).eval()
    assert_same_layer(pickle.loads(pickle.dumps(layer)), layer)
    assert_same_layer(copy.deepcopy(layer), layer)


def test_what_shares_weights_still_does_after_pickling() -> None:
    layer = compile(loads(PLAIN), 4, 4)
    pair = pickle.loads(pickle.dumps(nn.ModuleList([layer, layer])))
    assert pair[0].edges()["n.x"] is pair[1].edges()["n.x"]


def test_a_cell_of_a_space_of_ones_own_is_pickled_without_the_file(tmp_path: Path) -> None:
    space = tmp_path / "mine.space"
    space.write_text(
        "space mine {\n    states 1\n    output any\n    node tanh: plain or weighted\n}\n"
    )
    file = tmp_path / "mine.fen"
    file.write_text("cell Mine in mine (x, h) -> n { n = tanh(@x, @h) }\n")
    layer = compile(file, 4, 4)
    pickled = pickle.dumps(layer)
    space.unlink()
    file.unlink()
    assert_same_layer(pickle.loads(pickled), layer)


def _run_pickled(pickled: bytes, x: Tensor, results: Any) -> None:
    results.put(pickle.loads(pickled)(x)[0].tolist())


def test_it_travels_to_a_spawned_process() -> None:
    layer = compile(loads(MIXED), 3, 4)
    x = torch.randn(3, 2, 3)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=_run_pickled, args=(pickle.dumps(layer), x, results))
    process.start()
    assert results.get(timeout=120) == layer(x)[0].tolist()
    process.join()


def test_tracebacks_show_the_generated_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENAS_BACKEND", "torch")
    layer = compile(loads("cell Traced(x, h) -> n { n = tanh(@x, @h) }"), 3, 4)
    del layer.edge__n__h
    with pytest.raises(AttributeError) as raised:
        layer(torch.randn(3, 2, 3))
    shown = "".join(traceback.format_tb(raised.tb))
    assert "<fenas_lang Traced" in shown
    assert 'h_weight = stack("n.h")' in shown


def test_generated_code_is_forgotten_with_its_class() -> None:
    from fenas_lang.engine.compiled import _class_of

    before = set(linecache.cache)
    layer = compile(loads("cell Forgotten(x, h) -> n { n = tanh(@x, @h) }"), 3, 4)
    (file,) = set(linecache.cache) - before
    del layer
    _class_of.cache_clear()
    gc.collect()
    assert file not in linecache.cache


def test_double_precision_no_grad_and_device() -> None:
    layer = compile(loads(MIXED), 3, 4, dtype=torch.float64, device="cpu")
    with torch.no_grad():
        output, _ = layer(torch.randn(3, 2, 3, dtype=torch.float64))
    assert output.dtype == torch.float64 and not output.requires_grad
    assert compile(loads(MIXED), 3, 4, device="meta")(torch.randn(3, 2, 3).to("meta"))[0].is_meta
    assert layer.float()(torch.randn(3, 2, 3))[0].dtype == torch.float32


def test_autocast() -> None:
    layer = compile(load("LSTM"), 3, 4, num_layers=2, bidirectional=True)
    x = torch.randn(5, 2, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output, _ = layer(x)
    torch.testing.assert_close(output.float(), layer(x)[0], rtol=0, atol=0.02)


@pytest.mark.parametrize("name", ["input_size", "hidden_size", "num_layers"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True, "3", None], ids=repr)
def test_sizes_that_are_no_positive_whole_numbers(name: str, value: object) -> None:
    sizes: dict[str, Any] = {"input_size": 3, "hidden_size": 4, name: value}
    with pytest.raises(FenError, match=name) as raised:
        compile(load("GRU"), **sizes)
    assert code_of(raised) == build.BAD_SIZE.code


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), "half", True, None], ids=repr)
def test_dropout_that_is_no_probability(value: Any) -> None:
    with pytest.raises(FenError, match="dropout") as raised:
        compile(load("GRU"), 3, 4, num_layers=2, dropout=value)
    assert code_of(raised) == build.BAD_PROBABILITY.code


def test_parameters_of_whole_numbers() -> None:
    with pytest.raises(FenError, match=r"torch\.int32") as raised:
        compile(load("GRU"), 3, 4, dtype=torch.int32)
    assert code_of(raised) == build.BAD_DTYPE.code


def test_dropout_in_a_single_layer_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="dropout acts between layers"):
        compile(load("GRU"), 3, 4, dropout=0.5)


def test_an_unweighted_edge_needs_equal_sizes() -> None:
    with pytest.raises(FenError) as raised:
        compile(loads(PLAIN), 3, 4, num_layers=2)
    assert code_of(raised) == build.NOT_SQUARE.code
    assert "layer 1 of 2 receives D = 3 values, and n4 = x * n uses them unweighted" in str(
        raised.value
    )
    with pytest.raises(ValueError, match="layer 1 of 2 receives D = 3 values, and n4 = x"):
        emitted(PLAIN, "Plain", 3, 4, num_layers=2)


def test_an_unweighted_edge_in_a_bidirectional_stack() -> None:
    message = r"layer 2 of 3 receives 2H values, and n4 = x \* n uses them unweighted"
    with pytest.raises(FenError, match=message):
        compile(loads(PLAIN), 4, 4, num_layers=3, bidirectional=True)
    with pytest.raises(ValueError, match=message):
        emitted(PLAIN, "Plain", 4, 4, num_layers=3, bidirectional=True)
    assert compile(loads(PLAIN), 4, 4, bidirectional=True)(torch.randn(2, 1, 4))[0].shape[-1] == 8


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ("n = tanh_skip(x, h)", "n = tanh_skip(x, h)"),
        ("n = tanh(@.x, @h)", "n = tanh(@.x, @h)"),
        ("n = -x", "n = -x"),
        ("n = tanh(x, 0.5, zero)", "n = tanh(x, 0.5, zero)"),
        ("n = tanh(@h) ", ""),
    ],
)
def test_the_edge_that_needs_equal_sizes_is_shown(node: str, shown: str) -> None:
    output = "n" if shown else "(n, x)"
    states = "(x, h)" if shown else "(x, h, g)"
    cell = loads(f"cell C in open {states} -> {output} {{ {node} }}")
    with pytest.raises(FenError, match="layer 1 of 1") as raised:
        compile(cell, 3, 4)
    assert f"and {shown or 'the output x'} uses them" in str(raised.value)


BAD_CALLS: dict[str, tuple[Any, ...]] = {
    "the input must have 2 or 3 dimensions, not 1": (torch.randn(3),),
    "the input must have 2 or 3 dimensions, not 4": (torch.randn(2, 2, 2, 3),),
    "the input has 5 features, input_size is 3": (torch.randn(2, 2, 5),),
    "the input is torch.float64, the parameters": (torch.randn(2, 2, 3, dtype=torch.float64),),
    "the input is on meta, the parameters on cpu": (torch.randn(2, 2, 3, device="meta"),),
    "state c is on meta, the input on cpu": (
        torch.randn(2, 2, 3),
        (torch.randn(1, 2, 4), torch.randn(1, 2, 4, device="meta")),
    ),
    "the sequence has no time step": (torch.randn(0, 2, 3),),
    r"the state must be the tuple \(h, c\)": (torch.randn(2, 2, 3), torch.randn(1, 2, 4)),
    r"the state must be the tuple \(h, c\).*": (torch.randn(2, 2, 3), [torch.randn(1, 2, 4)]),
    r"state c must be \(1, 2, 4\), it is \(1, 2, 5\)": (
        torch.randn(2, 2, 3),
        (torch.randn(1, 2, 4), torch.randn(1, 2, 5)),
    ),
    r"state h must be \(1, 4\), it is \(1, 2, 4\)": (
        torch.randn(2, 3),
        (torch.randn(1, 2, 4), torch.randn(1, 2, 4)),
    ),
    "state h is torch.float64, the input torch.float32": (
        torch.randn(2, 2, 3),
        (torch.randn(1, 2, 4).double(), torch.randn(1, 2, 4)),
    ),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_wrong_calls_say_what_is_wrong(message: str) -> None:
    layer = compile(loads(MIXED), 3, 4)
    with pytest.raises((ValueError, RuntimeError, TypeError), match=message):
        layer(*BAD_CALLS[message])


def test_a_packed_input_of_the_wrong_size() -> None:
    layer = compile(loads(MIXED), 3, 4)
    with pytest.raises(RuntimeError, match="the input has 2 features"):
        layer(pack_sequence([torch.randn(3, 2)]))


def test_one_state_is_one_tensor() -> None:
    layer = compile(load("GRU"), 3, 4)
    with pytest.raises(TypeError, match="the state h_prev must be one tensor"):
        layer(torch.randn(2, 2, 3), (torch.zeros(1, 2, 4),))


def test_arguments_can_be_given_by_the_names_of_nn_lstm() -> None:
    layer = compile(cell=load("LSTM"), input_size=3, hidden_size=4, batch_first=True)
    hx = (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4))
    layer.flatten_parameters()
    assert layer(input=torch.randn(2, 5, 3), hx=hx)[0].shape == (2, 5, 4)
