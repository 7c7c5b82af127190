"""Every shipped cell computes what was published, written here again from its equations."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from fenas_lang.check.check import check_text
from fenas_lang.check.loader import load, shipped, shipped_cells
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.source import SourceFile
from fenas_lang.syntax.parser import parse

Values = Mapping[str, np.ndarray]
States = tuple[np.ndarray, ...]
tanh = np.tanh


def sigma(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def relu(a: np.ndarray) -> np.ndarray:
    return np.where(a > 0, a, 0)


def softplus(a: np.ndarray) -> np.ndarray:
    return np.log(1 + np.exp(a))


ACTIVATIONS = {"tanh": tanh, "relu": relu, "sigmoid": sigma, "identity": lambda a: a}


class Weights:
    """`w(node, a=…, b=…)` is W_a a + W_b b + b of a node; every value must be used."""

    def __init__(self, values: Values):
        self.values = values
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> np.ndarray:
        self.used.add(name)
        return self.values[name]

    def __call__(self, node: str, bias: bool = True, **inputs: np.ndarray) -> np.ndarray:
        total = sum(self[f"{node}.{name}"] @ value for name, value in inputs.items())
        return total + self[f"{node}.bias"] if bias else total


def lstm(x, h, c, w):
    i, f, o = (sigma(w(gate, x=x, h_prev=h)) for gate in "ifo")
    c = f * c + i * tanh(w("g", x=x, h_prev=h))
    return o * tanh(c), c


def coupled(x, h, c, w):
    i, o = (sigma(w(gate, x=x, h_prev=h)) for gate in "io")
    c = (1 - i) * c + i * tanh(w("g", x=x, h_prev=h))
    return o * tanh(c), c


def no_forget(x, h, c, w):
    i, o = (sigma(w(gate, x=x, h_prev=h)) for gate in "io")
    c = c + i * tanh(w("g", x=x, h_prev=h))
    return o * tanh(c), c


def peephole(x, h, c, w):
    i, f = (sigma(w(gate, x=x, h_prev=h) + w[f"{gate}.c_prev"] * c) for gate in "if")
    c = f * c + i * tanh(w("g", x=x, h_prev=h))
    return sigma(w("o", x=x, h_prev=h) + w["o.c"] * c) * tanh(c), c


def sub_lstm(x, h, c, w):
    i, f, z, o = (sigma(w(gate, x=x, h_prev=h)) for gate in "ifzo")
    c = f * c + z - i
    return sigma(c) - o, c


def gru(x, h, w):
    r, z = (sigma(w(gate, x=x, h_prev=h)) for gate in "rz")
    n = tanh(w("a", x=x) + r * w("u", h_prev=h))
    return ((1 - z) * n + z * h,)


def gru_cho(x, h, w):
    r, z = (sigma(w(gate, x=x, h_prev=h)) for gate in "rz")
    return (z * h + (1 - z) * tanh(w("n", x=x, rh=r * h)),)


def gru_chung(x, h, w):
    r, z = (sigma(w(gate, x=x, h_prev=h)) for gate in "rz")
    return ((1 - z) * h + z * tanh(w("n", x=x, rh=r * h)),)


def light_gru(x, h, w):
    z = sigma(w("z", x=x, h_prev=h))
    return (z * h + (1 - z) * relu(w("n", x=x, h_prev=h)),)


def mgu(x, h, w):
    f = sigma(w("f", x=x, h_prev=h))
    return ((1 - f) * h + f * tanh(w("n", x=x, fh=f * h)),)


def ugrnn(x, h, w):
    g = sigma(w("g", x=x, h_prev=h))
    return (g * h + (1 - g) * tanh(w("n", x=x, h_prev=h)),)


def janet(x, h, w):
    s = w("s", x=x, h_prev=h)
    return (sigma(s) * h + (1 - sigma(s - 1.0)) * tanh(w("n", x=x, h_prev=h)),)


def minimal_rnn(x, h, w):
    n = tanh(w("n", x=x))
    u = sigma(w("u", h_prev=h, n=n))
    return (u * h + (1 - u) * n,)


def star(x, h, w):
    k = sigma(w("k", x=x, h_prev=h))
    return (tanh((1 - k) * h + k * tanh(w("n", x=x))),)


def min_gru(x, h, w):
    z = sigma(w("z", x=x))
    return ((1 - z) * h + z * w("n", x=x),)


def min_lstm(x, h, w):
    f, i = sigma(w("a", x=x)), sigma(w("b", x=x))
    return (f / (f + i) * h + i / (f + i) * w("n", x=x),)


def ind_rnn(x, h, w):
    return (relu(w("h", x=x) + w["h.h_prev"] * h),)


def sru(x, h, c, w):
    f, r = (sigma(w(g, x=x, bias=False) + w[f"{g}.c_prev"] * c + w[f"{g}.one"]) for g in "fr")
    c = f * c + (1 - f) * w("u", x=x, bias=False)
    return r * c + (1 - r) * x, c


def rhn(x, h, w):
    def layer(s, n, t):
        return t * n + (1 - t) * s

    s = layer(h, tanh(w("n1", x=x, h_prev=h)), sigma(w("t1", x=x, h_prev=h)))
    s = layer(s, tanh(w("s2", s1=s)), sigma(w("s2.gate", s1=s)))
    return (layer(s, tanh(w("h", s2=s)), sigma(w("h.gate", s2=s))),)


def mut1(x, h, w):
    z, r = sigma(w("z", x=x)), sigma(w("r", x=x, h_prev=h))
    return (tanh(w("n", rh=r * h) + tanh(x)) * z + h * (1 - z),)


def mut2(x, h, w):
    z, r = sigma(w("z", x=x, h_prev=h)), sigma(x + w("r", h_prev=h))
    return (tanh(w("n", rh=r * h, x=x)) * z + h * (1 - z),)


def mut3(x, h, w):
    z, r = sigma(w("z", x=x, th=tanh(h))), sigma(w("r", x=x, h_prev=h))
    return (tanh(w("n", rh=r * h, x=x)) * z + h * (1 - z),)


def nas_cell(x, h, c, w):
    a = [w[f"{'a' if k == 3 else 'p'}{k}.x"] @ x for k in range(8)]
    b = [w[f"{'b' if k == 3 else 'p'}{k}.h_prev"] @ h for k in range(8)]
    layer1 = [
        sigma(a[0] + b[0]),
        relu(a[1] + b[1]),
        sigma(a[2] + b[2]),
        relu(a[3] * b[3]),
        tanh(a[4] + b[4]),
        sigma(a[5] + b[5]),
        tanh(a[6] + b[6]),
        sigma(a[7] + b[7]),
    ]
    layer2 = [
        tanh(layer1[0] * layer1[1]),
        tanh(layer1[2] + layer1[3]),
        tanh(layer1[4] * layer1[5]),
        sigma(layer1[6] + layer1[7]),
    ]
    c = tanh(layer2[0] + c) * layer2[1]
    return tanh(c * tanh(layer2[2] + layer2[3])), c


def nbnlp_lstm(x, h, c, w):
    i, o = (tanh(w(f"{gate}_1", x=x, h_prev=h)) for gate in "io")
    j, f = (sigma(w(f"{gate}_1", x=x, h_prev=h)) for gate in "jf")
    c = f * c + i * j
    return tanh(c) * o, c


def nbnlp_3537(x, h, c, w):
    a = sigma(w("a_1", h_prev=h, x=x))
    new_c = sigma(w("c_1", x=x, a=a))
    g = tanh(w("g_1", a=a, c=new_c))
    b = c * h + (1 - c) * g
    return a * b + (1 - a) * new_c, new_c


def highway_nodes(s0: np.ndarray, genotype: Sequence[tuple[str, int]], w: Weights):
    """s_i = s_p + sigma(c) * (f(u) - s_p) for each node (f, p); identity is spelled out."""
    s = [s0]
    for k, (name, p) in enumerate(genotype, 1):
        gate, act = (f"s{k}_1", f"s{k}_2") if name == "identity" else (f"s{k}.gate", f"s{k}")
        c, u = (w[f"{part}.s{p}"] @ s[p] for part in (gate, act))
        s.append(s[p] + sigma(c) * (ACTIVATIONS[name](u) - s[p]))
    return s


def highway(genotype: Sequence[tuple[str, int]], averaged: Sequence[int]):
    def step(x, h, w):
        c, u = (w(f"s0_{k}", bias=False, x=x, h_prev=h) for k in (1, 2))
        s = highway_nodes(h + sigma(c) * (tanh(u) - h), genotype, w)
        return (np.mean([s[k] for k in averaged], axis=0),)

    return step


def enas_carpedm20(x, y, h, w):
    c = sigma(w("g", bias=False, x=x, h_prev=h) + w["g.one"])
    u = tanh(w("s0_1", bias=False, x=x, h_prev=h) + w["s0_1.one"])
    s = highway_nodes(c * u + (1 - c) * h, ENAS_CARPEDM20, w)
    return np.mean([s[k] for k in (3, 5, 6, 9, 10, 11)], axis=0), s[11]


def pairs(text: str) -> list[tuple[str, int]]:
    """`relu 0, tanh 1` as [("relu", 0), ("tanh", 1)]."""
    return [(word.split()[0], int(word.split()[1])) for word in text.split(",")]


DARTS_V1 = pairs("relu 0, relu 1, tanh 2, relu 3, relu 4, identity 1, relu 5, relu 1")
DARTS_V2 = pairs("sigmoid 0, relu 1, relu 1, identity 1, tanh 2, sigmoid 5, tanh 3, relu 5")
ENAS = pairs("sigmoid 0, tanh 1, relu 2, sigmoid 2, tanh 4, tanh 5, sigmoid 3, sigmoid 6")
ENAS_ORIGINAL = pairs(
    "tanh 0, relu 1, relu 2, tanh 2, tanh 2, relu 5, tanh 1, relu 6, relu 8, relu 8, relu 8"
)
ENAS_CARPEDM20 = pairs(
    "tanh 0, relu 1, tanh 1, tanh 2, tanh 2, relu 2, relu 4, relu 7, relu 8, relu 8, relu 8"
)

PUBLISHED: dict[str, Callable[..., States]] = {
    "RNN": lambda x, h, w: (tanh(w("h", x=x, h_prev=h)),),
    "IRNN": lambda x, h, w: (relu(w("h", x=x, h_prev=h)),),
    "LSTM": lstm,
    "LSTM_coupled": coupled,
    "LSTM_no_forget": no_forget,
    "LSTM_peephole": peephole,
    "subLSTM": sub_lstm,
    "GRU": gru,
    "GRU_reset_before": gru_cho,
    "GRU_Chung": gru_chung,
    "LiGRU": light_gru,
    "MGU": mgu,
    "UGRNN": ugrnn,
    "JANET": janet,
    "MinimalRNN": minimal_rnn,
    "STAR": star,
    "minGRU": min_gru,
    "minLSTM": min_lstm,
    "IndRNN": ind_rnn,
    "SRU": sru,
    "RHN3": rhn,
    "Mut1": mut1,
    "Mut2": mut2,
    "Mut3": mut3,
    "NASCell": nas_cell,
    "DARTS_V1": highway(DARTS_V1, range(1, 9)),
    "DARTS_V2": highway(DARTS_V2, range(1, 9)),
    "ENAS": highway(ENAS, range(1, 9)),
    "ENAS_loose_ends": highway(ENAS, (7, 8)),
    "ENAS_original": highway(ENAS_ORIGINAL, (3, 4, 7, 9, 10, 11)),
    "ENAS_carpedm20": enas_carpedm20,
    "NBNLP_LSTM": nbnlp_lstm,
    "NBNLP_3537": nbnlp_3537,
}

COUNTS: dict[str, Callable[[int, int], int]] = {
    "RNN": lambda D, H: D * H + H * H + H,
    "LSTM": lambda D, H: 4 * (D * H + H * H + H),
    "LSTM_coupled": lambda D, H: 3 * (D * H + H * H + H),
    "LSTM_peephole": lambda D, H: 4 * (D * H + H * H + H) + 3 * H,
    "GRU": lambda D, H: 3 * (D * H + H * H) + 4 * H,
    "GRU_reset_before": lambda D, H: 3 * (D * H + H * H + H),
    "MGU": lambda D, H: 2 * (D * H + H * H + H),
    "UGRNN": lambda D, H: 2 * (D * H + H * H + H),
    "minGRU": lambda D, H: 2 * (D * H + H),
    "minLSTM": lambda D, H: 3 * (D * H + H),
    "IndRNN": lambda D, H: D * H + 2 * H,
    "SRU": lambda D, H: 3 * D * H + 4 * H,
    "RHN3": lambda D, H: 2 * (D * H + H * H + H) + 4 * (H * H + H),
    "NASCell": lambda D, H: 8 * (D + H) * H,
    "DARTS_V1": lambda D, H: 2 * (D + H) * H + 16 * H * H,
    "DARTS_V2": lambda D, H: 2 * (D + H) * H + 16 * H * H,
    "ENAS": lambda D, H: 2 * (D + H) * H + 16 * H * H,
    "ENAS_original": lambda D, H: 2 * (D + H) * H + 22 * H * H,
    "ENAS_carpedm20": lambda D, H: 2 * (D + H) * H + 22 * H * H + 2 * H,
}
"""Numbers of parameters as published (two biases that are always added are one)."""


def graph_of(name: str) -> tuple[Graph, int, int]:
    """A cell's graph, and sizes that it can have."""
    flow = lower(load(name))
    return expand(flow), 4 if flow.forces_square else 3, 4


def text_of(name: str) -> str:
    return shipped(name).text


def test_every_shipped_cell_is_tested():
    assert set(shipped_cells()) == set(PUBLISHED)
    assert {"LSTM", "GRU", "ENAS"} <= set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_step_is_that_of_the_published_equations(name):
    graph, D, H = graph_of(name)
    rng = np.random.default_rng(len(name))
    for _ in range(3):
        values = {
            n: rng.normal(size=v.shape) for n, v in random_parameters(graph, D, H, rng).items()
        }
        x, states = rng.normal(size=D), [rng.normal(size=H) for _ in graph.states]
        weights = Weights(values)
        expected = PUBLISHED[name](x, *states, weights)
        for got, wanted in zip(interpret(graph, x, states, values), expected, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
        assert weights.used == set(values)


@pytest.mark.parametrize("name", COUNTS)
def test_it_has_as_many_parameters_as_published(name):
    graph, _, _ = graph_of(name)
    for D, H in ((5, 5), (3, 7)):
        assert sum(np.prod(p.sizes(D, H)) for p in graph.parameters) == COUNTS[name](D, H)


def torch_step(cell: torch.nn.Module, x: np.ndarray, states: Sequence[np.ndarray]) -> States:
    tensors = [torch.tensor(s) for s in states]
    with torch.no_grad():
        result = cell(torch.tensor(x), tuple(tensors) if len(tensors) > 1 else tensors[0])
    return tuple(r.numpy() for r in (result if isinstance(result, tuple) else (result,)))


def stacked(values: Values, *names: str) -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor(np.concatenate([values[n] for n in names])))


TORCH = {
    "RNN": (lambda D, H: torch.nn.RNNCell(D, H), "h"),
    "IRNN": (lambda D, H: torch.nn.RNNCell(D, H, nonlinearity="relu"), "h"),
    "LSTM": (lambda D, H: torch.nn.LSTMCell(D, H), "ifgo"),
    "GRU": (lambda D, H: torch.nn.GRUCell(D, H), "rz"),
}


@pytest.mark.parametrize("name", TORCH)
def test_a_step_is_that_of_torch(name):
    make, gates = TORCH[name]
    graph, D, H = graph_of(name)
    rng = np.random.default_rng(7)
    values = random_parameters(graph, D, H, rng)
    cell = make(D, H).double()
    zeros = {"none": np.zeros(H)}
    from_x, from_h, biases = ([f"{g}.{end}" for g in gates] for end in ("x", "h_prev", "bias"))
    no_biases = ["none"] * len(gates)
    if name == "GRU":
        from_x, from_h = [*from_x, "a.x"], [*from_h, "u.h_prev"]
        biases, no_biases = [*biases, "a.bias"], [*no_biases, "u.bias"]
    cell.weight_ih = stacked(values, *from_x)
    cell.weight_hh = stacked(values, *from_h)
    cell.bias_ih = stacked(values, *biases)
    cell.bias_hh = stacked({**values, **zeros}, *no_biases)
    x, states = rng.normal(size=(5, D)), [rng.normal(size=(5, H)) for _ in graph.states]
    got = interpret(graph, x, states, values)
    for one, other in zip(got, torch_step(cell, x, states), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def split_layout(genotype: Sequence[tuple[str, int]], gate_first: bool, rng: np.random.Generator):
    """Matrices as DARTS and ENAS store them, and the same as named parameters of a shipped cell."""
    D, H = 3, 4
    first = rng.normal(size=(D + H, 2 * H))
    later = [rng.normal(size=(H, 2 * H)) for _ in genotype]
    halves = (slice(0, H), slice(H, None))
    gate, act = halves if gate_first else halves[::-1]
    values = {}
    for number, half in (("s0_1", gate), ("s0_2", act)):
        values[f"{number}.x"] = first[:D, half].T
        values[f"{number}.h_prev"] = first[D:, half].T
    for k, ((name, p), matrix) in enumerate(zip(genotype, later, strict=True), 1):
        names = (f"s{k}_1", f"s{k}_2") if name == "identity" else (f"s{k}.gate", f"s{k}")
        for part, half in zip(names, (gate, act), strict=True):
            values[f"{part}.s{p}"] = matrix[:, half].T
    return first, later, values


@pytest.mark.parametrize(
    ("name", "genotype", "gate_first"),
    [("DARTS_V1", DARTS_V1, True), ("DARTS_V2", DARTS_V2, True), ("ENAS", ENAS, False)],
)
def test_published_weight_layouts_carry_over(name, genotype, gate_first):
    rng = np.random.default_rng(11)
    first, later, values = split_layout(genotype, gate_first, rng)
    x, h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))

    def split2(rows):
        halves = np.split(rows, 2, axis=-1)
        return halves if gate_first else halves[::-1]

    c, u = split2(np.concatenate([x, h], axis=-1) @ first)
    s = [h + sigma(c) * (tanh(u) - h)]
    for (activation, p), matrix in zip(genotype, later, strict=True):
        c, u = split2(s[p] @ matrix)
        s.append(s[p] + sigma(c) * (ACTIVATIONS[activation](u) - s[p]))
    graph, _, _ = graph_of(name)
    [got] = interpret(graph, x, [h], values)
    np.testing.assert_allclose(got, np.mean(s[1:], axis=0), rtol=1e-12)


@pytest.mark.parametrize("name", PUBLISHED)
def test_its_file_is_clean_formatted_and_documented(name):
    text = text_of(name)
    assert not check_text(text)
    module, _ = parse(SourceFile(text))
    assert str(module) == text
    [cell] = module.cells
    assert cell.name == name
    assert "Source: " in cell.documentation
    assert text.isascii()


def test_cells_are_different_and_keep_their_numbers():
    keys = {name: canonical_key(lower(load(name))) for name in PUBLISHED}
    assert len(set(keys.values())) == len(keys)
    for name, nodes in (("LSTM", 9), ("GRU", 10)):
        assert len(lower(load(name)).nodes) == nodes
    assert (Path(__file__).parents[2] / "cells" / "LSTM.fen").read_text() == text_of("LSTM")


def test_the_three_gated_recurrent_units_differ_as_stated():
    """GRU_Chung is GRU_reset_before with z turned round."""
    rng = np.random.default_rng(3)
    graph, D, H = graph_of("GRU_Chung")
    values = random_parameters(graph, D, H, rng)
    turned = {n: -v if n.startswith("z.") else v for n, v in values.items()}
    x, h = rng.normal(size=D), rng.normal(size=H)
    [chung] = interpret(graph, x, [h], values)
    [cho] = interpret(graph_of("GRU_reset_before")[0], x, [h], turned)
    np.testing.assert_allclose(chung, cho, rtol=1e-12)
