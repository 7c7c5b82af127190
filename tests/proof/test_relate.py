"""What the prover says of pairs whose answer is known, and of twins and mutants."""

from __future__ import annotations

import random

import pytest
from corpus import holds, mutants, originals, twin

import fenas_lang as fen
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.refutation import refute
from fenas_lang.proof.relate import relate
from fenas_lang.proof.ring_key import ring_key
from fenas_lang.proof.verdicts import Kind

POSITIVE = frozenset(Kind) - {Kind.DIFFERENT, Kind.UNKNOWN}


def graph(text: str) -> Graph:
    if "=" not in text:
        return expand(lower(load(text)))
    head = "(x, h, c) -> (hn, cn)" if "cn" in text else "(x, h) -> y"
    return expand(lower(loads(f"cell C in open {head} {{ {text} }}")))


KNOWN = (
    ("GRU", "GRU", Kind.EQUAL),
    ("GRU_Chung", "GRU_reset_before", Kind.REPARAMETRISED),
    ("GRU", "UGRNN", Kind.CONTAINS),
    ("UGRNN", "GRU", Kind.CONTAINED_IN),
    ("GRU_reset_before", "MGU", Kind.CONTAINS),
    ("LSTM", "LSTM_coupled", Kind.CONTAINS),
    ("LSTM", "NBNLP_LSTM", Kind.DIFFERENT),
    ("LSTM", "GRU", Kind.DIFFERENT),
    ("GRU", "minGRU", Kind.DIFFERENT),
    ("RNN", "IRNN", Kind.DIFFERENT),
    ("y = tanh(@x, @h)", "a = tanh(@x, @h); y = -a", Kind.REPARAMETRISED),
    ("y = sigmoid(@x, @h)", "a = sigmoid(@x, @h); y = 1 - a", Kind.REPARAMETRISED),
    ("y = tanh(@x, @h)", "a = 3*h; y = tanh(@x, @a)", Kind.REPARAMETRISED),
    ("y = tanh(@x, @h)", "y = 2*sigmoid(@x, @h) - 1", Kind.REPARAMETRISED),
    ("y = tanh(@x, @h)", "a = identity(@h); y = tanh(@x, @a)", Kind.SAME_FAMILY),
    ("y = tanh(@x, @x, @h)", "y = tanh(@x, @h)", Kind.SAME_FAMILY),
    ("a = tanh(@x); y = tanh(@x, @h, @a)", "y = tanh(@x, @h)", Kind.CONTAINS),
    ("y = tanh(@h) + x", "y = tanh(h) + x", Kind.CONTAINS),
    ("y = identity(@h) + x", "y = h + x", Kind.CONTAINS),
    ("a = relu(@h); y = a + x", "a = relu(@h); y = x - a", Kind.DIFFERENT),
    ("a = tanh(@h); b = tanh(@h); y = a*b", "a = tanh(@h); y = a*a", Kind.CONTAINS),
    ("y = tanh(3*h)", "y = tanh(4*h)", Kind.DIFFERENT),
    ("y = tanh(@x, @h)", "y = tanh(@x, @.h)", Kind.CONTAINS),
    ("y = tanh(@.x, @h) + x", "y = tanh(@.x, @.h) + x", Kind.CONTAINS),
    ("y = tanh(3*h)", "a = h + h; y = tanh(a, h)", Kind.EQUAL),
)


@pytest.mark.parametrize(("one", "two", "kind"), KNOWN, ids=[f"{a} | {b}" for a, b, _ in KNOWN])
def test_a_known_answer(one: str, two: str, kind: Kind) -> None:
    a, b = graph(one), graph(two)
    finding = relate(a, b)
    assert finding.kind == kind
    if kind in POSITIVE:
        assert holds(a, b, finding)


def test_the_correspondence_is_text() -> None:
    verdict = fen.prove("GRU_Chung", "GRU_reset_before")
    assert verdict.correspondence["z.bias"] == "-z.bias"
    assert verdict.correspondence["r.x"] == "r.x"
    ugrnn = fen.prove("GRU", "UGRNN")
    assert ugrnn.correspondence["u.h_prev"] == "2*n.h_prev"
    assert ugrnn.correspondence["r.x"] == "0"


@pytest.mark.parametrize("name", ["LSTM", "GRU", "RNN"])
def test_layers_of_torch(name: str) -> None:
    verdict = fen.prove(f"{name}.fen", f"torch.nn.{name}")
    assert verdict.kind == "Equal"
    assert verdict.biases_merged
    assert "(biases merged)" in verdict.sentence


def test_the_witness_against_nbnlp_lstm() -> None:
    finding = relate(graph("NBNLP_LSTM"), graph("LSTM"))
    refutation = finding.not_in
    assert refutation is not None
    assert refutation.violated.kind == "sign"
    assert refutation.gap > 0.1


def test_an_identity_matrix_may_need_equal_sizes() -> None:
    """x through a matrix becomes x itself only where D = H, which x itself forces anyway."""
    finding = relate(graph("y = tanh(@x, @h)"), graph("y = tanh(x, @h)"))
    assert finding.kind == Kind.CONTAINS
    assert finding.correspondence["y.x"] == "I"
    chain = relate(graph("a = identity(@x); y = tanh(@a, @h)"), graph("y = tanh(@x, @h)"))
    assert chain.kind == Kind.SAME_FAMILY and chain.correspondence["y.a"] == "I"


def test_an_input_that_cancels_still_forces_equal_sizes() -> None:
    finding = relate(graph("a = x - x; y = tanh(@x, @h, a)"), graph("y = tanh(@x, @h)"))
    assert finding.kind == Kind.SAME_FAMILY and finding.square


def test_a_containment_may_hold_for_equal_sizes_alone() -> None:
    """Where D is 3 and H is 1, one matrix cannot carry what three do."""
    one = graph("a = identity(@x); y = tanh(@a) + sigmoid(@a) + sin(@a) + h")
    two = graph("y = tanh(@x) + sigmoid(@x) + sin(@x) + h")
    assert refute(two, one) is not None
    finding = relate(one, two)
    assert finding.kind in (Kind.CONTAINS, Kind.SAME_FAMILY) and finding.square


def test_cells_of_different_numbers_of_states() -> None:
    verdict = fen.prove("LSTM", "RNN")
    assert verdict.kind == "Different"
    assert "2 and 1 states" in verdict.sentence


ADVERSARIES = (
    "a0 = x + h; " + "; ".join(f"a{k} = a{k - 1} * (a{k - 1} + h)" for k in range(1, 60)),
    "a0 = x + h; " + "; ".join(f"a{k} = tanh_skip(a{k - 1}, h)" for k in range(1, 60)),
    "a0 = tanh(@x, @h); "
    + "; ".join(f"a{k} = relu(@a{k - 1}) * a{k - 1} + relu_skip(a{k - 1})" for k in range(1, 25)),
    "; ".join(f"i{k} = identity(@x, @h)" for k in range(30))
    + "; a0 = "
    + " * ".join(f"(i{k} + i{k + 1})" for k in range(28)),
)


@pytest.mark.parametrize("body", ADVERSARIES, ids=range(len(ADVERSARIES)))
def test_an_adversarial_cell_is_unknown(body: str) -> None:
    last = body.rsplit("; ", 1)[1].split(" ")[0]
    one, two = (graph(f"{body}; y = tanh({last}) {sign} x") for sign in "+-")
    for other in (two, graph("y = x + h")):
        assert relate(one, other).kind == relate(other, one).kind == Kind.UNKNOWN


def test_many_equal_parts_are_no_trouble() -> None:
    nodes = range(58)
    bodies = ("; ".join(f"a{k} = tanh({a})" for k in nodes) for a in ("@x, @h", "@h, @x"))
    names = ", ".join(f"a{k}" for k in nodes)
    one, two = (graph(f"{body}; y = mean({names})") for body in bodies)
    assert relate(one, two).kind == Kind.EQUAL


@pytest.mark.parametrize("flips", [False, True])
def test_twins_are_proved(flips: bool) -> None:
    rng = random.Random(7)
    for original in originals(11, 20, most_nodes=6):
        made = twin(original, rng, flips)
        finding = relate(original.graph, made)
        assert finding.kind in (Kind.EQUAL, Kind.REPARAMETRISED)
        assert holds(original.graph, made, finding)


def test_no_mutant_is_proved_wrongly() -> None:
    for _, original, mutant in mutants(5, 28):
        finding = relate(original.graph, mutant)
        if finding.kind in POSITIVE:
            assert holds(original.graph, mutant, finding)


def test_twins_have_one_ring_key() -> None:
    rng = random.Random(5)
    for original in originals(77, 20, most_nodes=6):
        assert ring_key(original.graph) == ring_key(twin(original, rng, flips=False))
