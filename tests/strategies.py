"""Hypothesis strategies: cells from our own sampler; they shrink to few nodes, early choices."""

from __future__ import annotations

from hypothesis import strategies as st

from fenas_lang.spaces.model import ANY, LAST, Space
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

SHIPPED = ("fenas", "enas", "darts", "nas_bench_nlp", "open")
MOST_STATES = 3


def output_words(space: Space) -> list[str]:
    """What `sample` takes as `output` for a space."""
    allowed = {*space.output, *([LAST] if ANY in space.output else [])}
    return [word for word, rule in RULES.items() if rule in allowed]


@st.composite
def cells(
    draw: st.DrawFn,
    space: str | Space = "fenas",
    max_nodes: int = 9,
    states: int | None = None,
    output: str | None = None,
) -> Cell:
    """Legal cells of a space; the number of states and the output rule vary unless given."""
    chosen = load_space(space) if isinstance(space, str) else space
    least, most = chosen.states
    counts = st.integers(least, min(most or MOST_STATES, max(least, MOST_STATES)))
    return sample(
        chosen,
        rng=draw(st.randoms(use_true_random=False)),
        nodes=draw(st.integers(chosen.nodes[0], max_nodes)),
        states=states or draw(counts),
        output=output or draw(st.sampled_from(output_words(chosen))),
        by=draw(st.sampled_from(["uniform", "choices"])),
    )


def cells_of_any_space(max_nodes: int = 9) -> st.SearchStrategy[Cell]:
    """Cells of all shipped spaces."""
    return st.sampled_from(SHIPPED).flatmap(lambda name: cells(name, max_nodes))
