"""Sampled cells are legal, as their text says, reproducible, and as probable as stated."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given, settings
from strategies import SHIPPED, cells, cells_of_any_space, output_words

from fenas_lang.check.check import check_cell, check_text
from fenas_lang.diagnostics import FenError, has_errors
from fenas_lang.source import SourceFile
from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.count import count
from fenas_lang.spaces.model import ALL, LAST, LOOSE, Space
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space, read_space
from fenas_lang.spaces.request import Request, request
from fenas_lang.spaces.sample import DRAW, assemble, sample, state_names
from fenas_lang.syntax.ast import Cell, Name, walk
from fenas_lang.syntax.parser import parse

TINY = read_space(
    SourceFile(
        """
fn lerp(g, a, b) = b + g*(a - b)
space tiny {
    states 1 to 2
    output last node or mean of loose ends or any
    node add
    node tanh: weighted, 1 to 2 parents, zero second
}
"""
    )
)


def every_cell(space: Space, asked: Request) -> list[Cell]:
    """All node lists of a space, one after another."""
    places = [choices(space, place, asked.states) for place in range(1, asked.nodes + 1)]
    free = [range(asked.nodes)] * asked.free_outputs
    return [
        assemble(space, asked, drawn[: asked.nodes], drawn[asked.nodes :], "Cell")
        for drawn in product(*places, *free)
    ]


@given(cells_of_any_space())
def test_cells_are_legal_in_their_space(cell: Cell) -> None:
    checked, diagnostics = check_cell(cell)
    assert checked is not None and not has_errors(diagnostics)
    assert checked.space.name == (cell.space or "fenas")


@given(cells_of_any_space())
def test_cells_are_what_the_parser_makes_of_their_text(cell: Cell) -> None:
    module, mistakes = parse(SourceFile(str(cell)))
    assert mistakes == []
    assert module.cells == (cell,)
    assert {diagnostic.code for diagnostic in check_text(str(cell))} <= {"FEN020"}


@pytest.mark.parametrize("output, rule", [("last", LAST), ("loose", LOOSE)])
def test_the_output_follows_the_rule(output: str, rule: str) -> None:
    space, rng = load_space("fenas"), random.Random(0)
    for _ in range(50):
        cell = sample(space, rng=rng, states=2, output=output)
        checked, _ = check_cell(cell)
        assert checked is not None
        single = checked.mean is None and output == "loose"
        assert checked.rule == (LAST if single else rule)


@given(cells("enas", output="all"))
def test_all_averages_what_comes_after_the_first(cell: Cell) -> None:
    counted = [node for node in cell.nodes if node.name != "h"]
    averaged = _read(cell.nodes[-1].value) if len(counted) > 2 else [cell.output_names[0]]
    assert averaged == [node.name for node in counted[1:]]


@given(cells("fenas", output="loose"))
def test_loose_averages_what_no_node_reads(cell: Cell) -> None:
    counted = [node for node in cell.nodes if node.name != "h"]
    read = {name for node in counted for name in _read(node.value)}
    loose = [node.name for node in counted if node.name not in read]
    if len(loose) == 1:
        assert cell.output_names[0] == loose[0] == counted[-1].name
    else:
        assert (_read(cell.nodes[-1].value), cell.output_names[0]) == (loose, "h")


def _read(value: object) -> list[str]:
    return [e.id for e in walk(value) if isinstance(e, Name)]  # type: ignore[arg-type]


def test_the_header_tells_space_states_and_bias() -> None:
    cell = sample(load_space("nas_bench_nlp"), seed=0, states=3, nodes=1, name="Three")
    header = "cell Three in nas_bench_nlp (x, h_prev, c_prev, s3_prev) -> (n1, n1, n1) {"
    assert str(cell).startswith(header)
    assert str(sample(load_space("darts"), seed=0, nodes=2)).startswith(
        "cell Cell in darts (x, h_prev) -> n2 without bias {"
    )
    assert str(sample(load_space("fenas"), seed=0)).startswith("cell Cell(x, h_prev) -> n9 {")


def test_states_are_named_in_order() -> None:
    assert state_names(1) == ["h_prev"]
    assert state_names(4) == ["h_prev", "c_prev", "s3_prev", "s4_prev"]


def test_the_same_seed_gives_the_same_cell_in_any_process() -> None:
    code = (
        "import fenas_lang as fen\n"
        "for space in ('fenas', 'enas', 'open'):\n"
        "    for by in ('uniform', 'choices'):\n"
        "        print(fen.sample(space, seed=7, by=by))"
    )
    texts = {_run(code, seed) for seed in ("0", "1")}
    assert len(texts) == 1
    assert str(sample(load_space("fenas"), seed=7)) in texts.pop()


def _run(code: str, hash_seed: str) -> str:
    command = [sys.executable, "-c", code]
    environment = {"PYTHONHASHSEED": hash_seed, "PATH": ""}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return run.stdout


def test_a_generator_goes_on_where_a_seed_begins_anew() -> None:
    space, rng = load_space("fenas"), random.Random(3)
    first, second = sample(space, rng=rng), sample(space, rng=rng)
    assert first == sample(space, seed=3) != second
    assert sample(space) != sample(space)


@pytest.mark.parametrize(
    "settings, code",
    [
        ({"nodes": 1}, "FEN130"),
        ({"nodes": 4097}, "FEN130"),
        ({"states": 2}, "FEN131"),
        ({"states": 0}, "FEN131"),
        ({"output": "last"}, "FEN132"),
        ({"output": "best"}, "FEN132"),
        ({"by": "luck"}, "FEN133"),
    ],
)
def test_what_a_space_does_not_have_is_an_error(settings: dict[str, int | str], code: str) -> None:
    with pytest.raises(FenError) as caught:
        sample(load_space("enas"), **settings)  # type: ignore[arg-type]
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_errors_say_what_there_is() -> None:
    with pytest.raises(
        FenError, match=r"`enas` has no output rule `last` \(it has `loose` and `all`"
    ):
        sample(load_space("enas"), output="last")
    with pytest.raises(FenError, match="a cell of `open` has 1 or more states, not 0"):
        sample(load_space("open"), states=0)


def test_more_nodes_than_usual_may_be_asked_for() -> None:
    assert len(sample(load_space("fenas"), seed=0, nodes=40).nodes) == 40


# Probabilities.


def chi_square(observed: Counter[object], expected: dict[object, float]) -> float:
    assert set(observed) <= set(expected)
    return sum((observed[k] - e) ** 2 / e for k, e in expected.items())


def is_plausible(draws: Iterable[object], probabilities: dict[object, float]) -> bool:
    """Within four standard deviations of the statistic that the probabilities predict."""
    observed = Counter(draws)
    total, freedom = observed.total(), len(probabilities) - 1
    expected = {key: total * p for key, p in probabilities.items()}
    return abs(chi_square(observed, expected) - freedom) < 4 * (2 * freedom) ** 0.5


@pytest.mark.parametrize(
    "space, nodes, states, output",
    [
        (TINY, 2, 1, "last"),
        (TINY, 2, 2, "loose"),
        (TINY, 2, 1, "any"),
        (load_space("enas"), 3, 1, "loose"),
    ],
    ids=lambda value: value.name if isinstance(value, Space) else str(value),
)
def test_uniform_means_every_list_alike(space: Space, nodes: int, states: int, output: str) -> None:
    every = every_cell(space, request(space, nodes, states, output))
    assert len(set(every)) == len(every) == count(space, nodes, states, output)
    rng = random.Random(1)
    draws = (
        sample(space, rng=rng, nodes=nodes, states=states, output=output)
        for _ in range(20 * len(every))
    )
    assert is_plausible(draws, dict.fromkeys(every, 1 / len(every)))


def test_uniform_over_all_pairs_of_nodes_of_fenas() -> None:
    """The numbers of the 7,800 lists of two nodes, gathered by their function and form."""
    space, rng = load_space("fenas"), random.Random(2)
    first, second = choices(space, 1, 1), choices(space, 2, 1)
    probabilities: Counter[object] = Counter()
    for one, two in product(first, second):
        probabilities[one.operation, two.operation] += 1
    drawn = ((first.draw(rng).operation, second.draw(rng).operation) for _ in range(20_000))
    total = first.count * second.count
    assert is_plausible(drawn, {key: number / total for key, number in probabilities.items()})


def test_by_choices_draws_function_form_and_parents() -> None:
    """Position 1 of `tiny`: add or tanh; x or h_prev; and for tanh also no second parent."""
    half, rng = 1 / 2, random.Random(3)
    at = choices(TINY, 1, 1)
    expected: dict[object, float] = {
        ("add", (0, 0)): half * 1 / 4,
        ("add", (0, 1)): half * 2 / 4,
        ("add", (1, 1)): half * 1 / 4,
        ("tanh", (0,)): half * 1 / 6,
        ("tanh", (1,)): half * 1 / 6,
        ("tanh", (0, 0)): half * 1 / 6,
        ("tanh", (0, 1)): half * 2 / 6,
        ("tanh", (1, 1)): half * 1 / 6,
    }
    drawn = (DRAW["choices"](at, TINY, rng) for _ in range(5000))
    assert is_plausible(((c.operation.function, c.parents) for c in drawn), expected)


def test_by_choices_gives_the_live_nodes_that_are_published() -> None:
    """Of 9 nodes 4.2 are live, and a quarter of the cells ignore the input or the state."""
    space, rng = load_space("fenas"), random.Random(4)
    live = [_live(sample(space, rng=rng, by="choices")) for _ in range(2000)]
    assert sum(len(names - {"x", "h_prev"}) for names in live) / 2000 == pytest.approx(
        4.15, abs=0.15
    )
    assert sum(not {"x", "h_prev"} <= n for n in live) / 2000 == pytest.approx(0.23, abs=0.04)


def _live(cell: Cell) -> set[str]:
    wanted = set(cell.output_names)
    for node in reversed(cell.nodes):
        if node.name in wanted:
            wanted.update(_read(node.value))
    return wanted


@settings(max_examples=20)
@given(cells_of_any_space(max_nodes=40))
def test_strategies_stay_within_bounds(cell: Cell) -> None:
    assert len(cell.nodes) <= 41 and 1 <= len(cell.states) <= 3


@pytest.mark.parametrize("name", SHIPPED)
def test_every_output_rule_of_a_space_can_be_sampled(name: str) -> None:
    space = load_space(name)
    words = output_words(space)
    assert {RULES[word] for word in words} >= set(space.output)
    for word in words:
        checked, _ = check_cell(sample(space, seed=0, output=word))
        assert checked is not None
    assert ALL not in space.output or "all" in words
