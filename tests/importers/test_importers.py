"""Genotypes of other systems become the cells that they mean."""

import random
import shlex
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.importers import forms, import_cell
from fenas_lang.importers.darts import from_genotype
from fenas_lang.importers.enas import from_string
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.rules import Rule
from fenas_lang.rules import importers as rules
from fenas_lang.syntax.ast import Cell

ENAS = "0 2 1 0 2 1 2 2 4 0 5 0 3 2 6 2"
ENAS_ORIGINAL = "0 0 0 1 1 2 1 2 0 2 0 5 1 1 0 6 1 8 1 8 1 8 1"
V1 = (
    "[('relu', 0), ('relu', 1), ('tanh', 2), ('relu', 3), ('relu', 4), ('identity', 1),"
    " ('relu', 5), ('relu', 1)]"
)
V2 = (
    "Genotype(recurrent=[('sigmoid', 0), ('relu', 1), ('relu', 1), ('identity', 1), ('tanh', 2),"
    " ('sigmoid', 5), ('tanh', 3), ('relu', 5)], concat=range(1, 9))"
)
ENAS_OF_DARTS = (
    "Genotype(recurrent=[('tanh', 0), ('tanh', 1), ('relu', 1), ('tanh', 3), ('tanh', 3),"
    " ('relu', 3), ('relu', 4), ('relu', 7), ('relu', 8), ('relu', 8), ('relu', 8)],"
    " concat=[2, 5, 6, 9, 10, 11])"
)

ACTIVATIONS = {
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "identity": lambda a: a,
}


def key(cell: Cell) -> str:
    return canonical_key(lower(cell))


def published_step(nodes, averaged, x, h, values, first="tanh"):
    """s0 from x and h, then one gated activation a node; dead nodes have no weights."""
    unread = np.ones((len(h), len(h)))
    gate, act = (values[f"s0_{k}.x"] @ x + values[f"s0_{k}.h_prev"] @ h for k in (1, 2))
    s = [h + ACTIVATIONS["sigmoid"](gate) * (ACTIVATIONS[first](act) - h)]
    for k, (activation, p) in enumerate(nodes, 1):
        parts = (f"s{k}_1", f"s{k}_2") if activation == "identity" else (f"s{k}.gate", f"s{k}")
        gate, act = (values.get(f"{part}.s{p}", unread) @ s[p] for part in parts)
        s.append(s[p] + ACTIVATIONS["sigmoid"](gate) * (ACTIVATIONS[activation](act) - s[p]))
    return np.mean([s[k] for k in averaged], axis=0)


def random_nodes(rng: random.Random) -> list[tuple[str, int]]:
    return [(rng.choice(list(ACTIVATIONS)), rng.randrange(k)) for k in range(1, rng.randint(2, 9))]


def assert_computes(cell: Cell, nodes, averaged, first="tanh") -> None:
    graph = expand(lower(cell))
    rng = np.random.default_rng(0)
    values = random_parameters(graph, 3, 4, rng)
    x, h = rng.normal(size=3), rng.normal(size=4)
    [got] = interpret(graph, x, [h], values)
    wanted = published_step(nodes, averaged, x, h, values, first)
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)


def code_of(text: str, form: str, **options: str) -> str:
    with pytest.raises(FenError) as caught:
        import_cell(text, form, **options)
    [diagnostic] = caught.value.diagnostics
    return diagnostic.code


@pytest.mark.parametrize(
    ("text", "form", "output", "shipped"),
    [
        (ENAS, "enas", None, "ENAS"),
        (ENAS, "enas", "all", "ENAS"),
        (ENAS, "enas", "loose", "ENAS_loose_ends"),
        (ENAS_ORIGINAL, "enas_original", None, "ENAS_original"),
        (ENAS_OF_DARTS, "darts", None, "ENAS_original"),
        ("0 2 1 1 1 1 1 3 2 0 5 2 3 0 5 1", "enas", None, "DARTS_V2"),
        (V1, "darts", None, "DARTS_V1"),
        (V2, "darts", None, "DARTS_V2"),
    ],
)
def test_published_cells_are_the_shipped_ones(text, form, output, shipped):
    cell = import_cell(text, form, output=output)
    assert key(cell) == key(load(shipped))
    assert cell.space == ("darts" if form == "darts" and text != ENAS_OF_DARTS else "enas")


def test_every_form_can_be_named():
    assert {"darts", "enas", "enas_original"} <= set(forms())
    assert import_cell("0 0", "enas", name="Mine").name == "Mine"


def test_the_three_published_ways_to_write_darts_v2():
    Genotype = namedtuple("Genotype", "recurrent concat")
    recurrent = [("sigmoid", 0), ("relu", 1), ("relu", 1), ("identity", 1)]
    recurrent += [("tanh", 2), ("sigmoid", 5), ("tanh", 3), ("relu", 5)]
    expected = key(load("DARTS_V2"))
    assert key(from_genotype(Genotype(recurrent, range(1, 9)))) == expected
    assert key(from_genotype(recurrent)) == expected
    assert key(from_genotype(str(recurrent))) == expected
    assert key(from_genotype(repr(Genotype(recurrent, range(1, 9))))) == expected
    assert key(from_genotype(repr([list(pair) for pair in recurrent]))) == expected
    assert key(from_genotype(f"DARTS_V2 = Genotype({recurrent}, range(1, 9),)\n")) == expected


def test_names_and_outputs():
    cell = import_cell("0 0 1 1", "enas", name="Two")
    assert str(cell) == (
        "cell Two in enas (x, h_prev) -> h without bias {\n"
        "    s0 = first(x, h_prev)\n"
        "    s1 = tanh_skip(s0)\n"
        "    s2 = relu_skip(s1)\n"
        "    h  = mean(s1, s2)\n"
        "}\n"
    )
    chain = import_cell("0 0 1 1", "enas", output="loose")
    assert chain.output_names == ("s2",)


@pytest.mark.parametrize("seed", range(8))
def test_enas_strings_mean_what_is_published(seed):
    nodes = random_nodes(random.Random(seed))
    loose = [k for k in range(1, len(nodes) + 1) if k not in {p for _, p in nodes}]
    everything = range(1, len(nodes) + 1)
    corrected = ["tanh", "relu", "sigmoid", "identity"]
    text = " ".join(f"{p} {corrected.index(f)}" for f, p in nodes)
    assert_computes(from_string(text), nodes, everything)
    assert_computes(from_string(text, output="loose"), nodes, loose)
    codes = ["tanh", "relu", "identity", "sigmoid"]
    for code, first in enumerate(codes):
        text = " ".join([str(code), *(f"{p} {codes.index(f)}" for f, p in nodes)])
        assert_computes(from_string(text, "original"), nodes, loose, first)
        assert_computes(from_string(text, "original", "all"), nodes, everything, first)


@pytest.mark.parametrize("seed", range(8))
def test_darts_genotypes_mean_what_is_published(seed):
    rng = random.Random(seed)
    nodes = random_nodes(rng)
    averaged = sorted(rng.sample(range(len(nodes) + 1), rng.randint(1, len(nodes))))
    assert_computes(from_genotype(str(nodes)), nodes, range(1, len(nodes) + 1))
    text = f"Genotype(recurrent={nodes}, concat={averaged})"
    assert_computes(from_genotype(text), nodes, averaged)


def test_a_cell_outside_of_the_two_spaces_brings_its_functions_along():
    cell = from_genotype("Genotype([('identity', 0), ('tanh', 0), ('relu', 1)], [0, 1])")
    assert cell.space == "open"
    assert [function.name for function in cell.functions] == ["first", "identity_skip"]
    other = import_cell("1 0 0", "enas_original")
    assert other.space == "open"
    assert "sigmoid(@x, @h) * (relu(@x, @h) - h)" in str(other)


@pytest.mark.parametrize(("text", "form"), [(ENAS, "enas"), ("1 0 2 1 3", "enas_original")])
def test_the_source_of_an_imported_cell_is_that_cell(text, form):
    cell = import_cell(text, form)
    assert loads(str(cell)) == cell


@pytest.mark.parametrize(
    ("text", "form", "code"),
    [
        ("0 0 1", "enas", "FEN302"),
        ("0 0 0 1", "enas_original", "FEN302"),
        ("0 tanh", "enas", "FEN301"),
        ("0 -1", "enas", "FEN301"),
        ("0 1.5", "enas", "FEN301"),
        ("0 ١", "enas", "FEN301"),
        ("0 99999999999999999999", "enas", "FEN301"),
        ("0 4", "enas", "FEN303"),
        ("7 0 0", "enas_original", "FEN303"),
        ("1 0", "enas", "FEN304"),
        ("0 0 2 0", "enas", "FEN304"),
        ("", "enas", "FEN308"),
        ("0", "enas_original", "FEN308"),
        ("[]", "darts", "FEN308"),
        ("[('none', 0)]", "darts", "FEN303"),
        ("[('relu', 1)]", "darts", "FEN304"),
        ("[('relu', -1)]", "darts", "FEN305"),
        ("[('relu', 0), ('tanh')]", "darts", "FEN305"),
        ("[('relu', 0)", "darts", "FEN305"),
        ("[('relu', 0)] + [('relu', 0)]", "darts", "FEN305"),
        ("", "darts", "FEN305"),
        ("__import__('os').system('true')", "darts", "FEN305"),
        ("Genotype(normal=[('skip_connect', 0)])", "darts", "FEN305"),
        ("Genotype(recurrent=[('relu', 0)], concat=range(1, 3))", "darts", "FEN306"),
        ("Genotype(recurrent=[('relu', 0)], concat=range(0, 999999999))", "darts", "FEN306"),
        ("Genotype(recurrent=[('relu', 0)], concat=[1, 1])", "darts", "FEN306"),
        ("Genotype(recurrent=[('relu', 0)], concat=[])", "darts", "FEN306"),
        ("0 0", "dart", "FEN300"),
    ],
)
def test_mistakes(text, form, code):
    assert code_of(text, form) == code


def test_mistakes_of_names_and_outputs():
    assert code_of("0 0", "enas", name="2nd") == "FEN307"
    assert code_of("0 0", "enas", name="A { } cell B") == "FEN307"
    assert code_of("0 0", "enas", output="last") == "FEN309"


def test_a_mistake_in_a_genotype_says_where():
    with pytest.raises(FenError) as caught:
        import_cell("Genotype(\n  recurrent=[('relu' 0)])", "darts")
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.start == (2, 22)
    assert diagnostic.message == "expected `,`, found `0`"


def test_a_wrong_form_gets_a_suggestion():
    with pytest.raises(FenError, match=r"there are darts, .*did you mean `darts`\?"):
        import_cell(V1, "dart")
    with pytest.raises(FenError, match="use the form enas_original"):
        import_cell(ENAS_ORIGINAL, "enas")


FILES = {"darts": "[('tanh', 0)]", "enas": "0 0", "nas_bench_nlp": '{"h_new_0": 1}'}
RULES = [rule for rule in vars(rules).values() if isinstance(rule, Rule)]


def run(example: str) -> Cell:
    """What a rule's example says: a recipe, or a command (with some text for a file)."""
    if example.startswith("{"):
        return import_cell(example, "nas_bench_nlp")
    _, _, text, *options = shlex.split(example)
    named = dict(zip(options[::2], options[1::2], strict=True))
    form = named.pop("--from")
    text = FILES.get(form, "") if "." in text else text
    return import_cell(text, form, **{option.strip("-"): v for option, v in named.items()})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples_of_the_rules_are_true(rule):
    with pytest.raises(FenError, match=rule.code):
        run(rule.bad)
    if "recipe.json" not in rule.good:
        run(rule.good)


PIECES = st.sampled_from(["Genotype", "recurrent", "concat", "range", "=", "(", ")", "[", "]", ","])
SCRAPS = st.lists(st.one_of(PIECES, st.sampled_from(["'relu'", '"', "0", "1", " ", "\n"])))


@given(
    st.one_of(st.text(), SCRAPS.map("".join)), st.sampled_from(["darts", "enas", "enas_original"])
)
def test_any_text_is_a_cell_or_a_diagnostic(text, form):
    try:
        cell = import_cell(text, form)
    except FenError as error:
        assert all(d.code.startswith("FEN30") for d in error.diagnostics)
    else:
        assert isinstance(cell, Cell)
