"""Readiness: what waits for a state, and how many matrix products stand in a row before a value."""

from __future__ import annotations

from fenas_lang.check.loader import loads
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.readiness import BEFORE, LOOP, Readiness, readiness


def ready(source: str) -> dict[str, Readiness]:
    graph = expand(lower(loads(source)))
    found = readiness(graph)
    return {name: found[index] for name, index in graph.values}


def test_phases_and_levels() -> None:
    assert ready(
        "cell C(x, h) -> n { a = tanh(@x); b = a * a; c = relu(@b); n = tanh(@c, @h) }"
    ) == {
        "x": (BEFORE, 0),
        "h": (LOOP, 0),
        "a": (BEFORE, 1),
        "b": (BEFORE, 1),
        "c": (BEFORE, 2),
        "n": (LOOP, 1),
    }


def test_plain_work_on_states_needs_no_product() -> None:
    found = ready("cell C(x, h) -> n { a = h * h; b = tanh(@a); c = sigmoid(@a, @b); n = a + c }")
    assert (found["a"], found["b"], found["c"]) == ((LOOP, 0), (LOOP, 1), (LOOP, 2))
    assert found["n"] == (LOOP, 2)


def test_levels_of_the_loop_do_not_count_hoisted_products() -> None:
    found = ready("cell C(x, h) -> n { a = tanh(@x); b = tanh(@a); c = tanh(@b); n = c * h }")
    assert found["c"] == (BEFORE, 3)
    assert found["n"] == (LOOP, 0)
