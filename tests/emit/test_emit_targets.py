"""Targets are found by file name, an unknown one is explained, and every one has a golden text."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space
from syrupy.assertion import SnapshotAssertion

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit, targets
from fenas_lang.syntax.ast import Cell

TEXTS = ["ast", "dot", "ir", "json", "latex", "mermaid", "nodes"]
GRU = """
# Gated recurrent unit, reset gate after the matrix product: ten nodes.
cell GRU(x, h_prev) -> h {
    r  = sigmoid(@x, @h_prev)
    z  = sigmoid(@x, @h_prev)
    a  = identity(@x)
    u  = identity(@h_prev)  # the candidate's recurrent half
    ru = r * u
    n  = tanh(a, ru)
    zn = z * n
    d  = n - zn
    zh = z * h_prev
    h  = d + zh
}
"""


def test_the_targets_of_the_language_are_there() -> None:
    assert {*TEXTS, "svg", "torch"} <= set(targets())
    assert targets() == sorted(targets())


def test_files_that_help_targets_are_none() -> None:
    assert not {"stages", "picture", "symbols", "layout", "style"} & set(targets())


def test_listing_the_targets_loads_none_of_them() -> None:
    program = (
        "import sys; from fenas_lang.emit import targets; targets();"
        "print([m for m in sys.modules if m.startswith('fenas_lang.emit.') or m == 'torch'])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "[]\n"


def test_an_unknown_target_gets_a_suggestion_and_the_list() -> None:
    with pytest.raises(FenError) as raised:
        emit(loads(GRU), "meramid")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "FEN230"
    assert diagnostic.hint == "did you mean `mermaid`?"
    assert all(target in diagnostic.message for target in targets())


@pytest.mark.parametrize("target", TEXTS)
def test_golden(target: str, snapshot: SnapshotAssertion) -> None:
    assert emit(loads(GRU), target) == snapshot


@pytest.mark.parametrize("name", shipped_cells())
def test_every_shipped_cell_can_be_written_in_every_target(name: str) -> None:
    cell = load(name)
    assert all(emit(cell, target).endswith("\n") for target in TEXTS)


@settings(max_examples=30, deadline=None)
@given(cells_of_any_space())
def test_the_same_cell_gives_the_same_text(cell: Cell) -> None:
    assert all(emit(cell, target) == emit(cell, target) for target in TEXTS)
