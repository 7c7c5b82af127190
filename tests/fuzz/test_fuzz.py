"""Any text gives a cell or messages: never an exception, a hang, or a message about nowhere.

A failure names seed and index; `make_text(seed, index)` of fuzz_inputs.py gives its text again.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fuzz_inputs import make_text

from fenas_lang.check.check import check_text
from fenas_lang.check.loader import decode, loads
from fenas_lang.diagnostics import MAX_DIAGNOSTICS, Diagnostic, FenError, has_errors
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.lower import expand, lower
from fenas_lang.rules import all_rules
from fenas_lang.source import SourceFile
from fenas_lang.spaces.reader import read_space
from fenas_lang.syntax.ast import Cell, Module
from fenas_lang.syntax.parser import MAX_CHARACTERS, parse

SEED = 1
CHUNK = 100
SECONDS = 2.0


def chunks(count: int, first: int = 0) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("start", range(first, first + count, CHUNK))


def try_all(start: int) -> None:
    for index in range(start, start + CHUNK):
        text = make_text(SEED, index)
        try:
            try_text(text)
        except Exception as error:
            error.add_note(f"make_text({SEED}, {index}) = {text[:300]!r}, {len(text)} characters")
            raise


def try_text(text: str) -> None:
    diagnostics = check_in_time(text)
    assert len(diagnostics) <= MAX_DIAGNOSTICS
    for diagnostic in diagnostics:
        assert diagnostic.code in all_rules()
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text), diagnostic
        assert json.loads(json.dumps(diagnostic.as_json()))["code"] == diagnostic.code
        check_fix(text, diagnostic.fix and (diagnostic.fix.start, diagnostic.fix.end))
    module, mistakes = parse(SourceFile(text))
    if not mistakes:
        check_printing(module)
    for cell in module.cells if not has_errors(diagnostics) else ():
        check_cell_means_something(cell)


def check_in_time(text: str) -> list[Diagnostic]:
    """The messages; a first try may be slow because the machine is busy."""
    for _ in range(3):
        began = time.process_time()
        diagnostics = check_text(text)
        if time.process_time() - began < SECONDS:
            return diagnostics
    raise AssertionError(f"more than {SECONDS} s for {len(text)} characters")


def check_fix(text: str, place: tuple[int, int] | None) -> None:
    if place is not None:
        assert 0 <= place[0] <= place[1] <= len(text)


def check_printing(module: Module) -> None:
    """What the formatter writes parses to the same tree and is what it writes again."""
    printed = str(module)
    if len(printed) > MAX_CHARACTERS:
        return
    again, mistakes = parse(SourceFile(printed))
    assert mistakes == []
    assert again.items == module.items
    assert str(again) == printed


def check_cell_means_something(cell: Cell) -> None:
    """A cell without errors prints, parses and lowers, to the same key."""
    again = loads(str(cell))
    assert again == cell and hash(again) == hash(cell)
    dataflow = lower(cell)
    assert expand(dataflow).outputs
    if len(dataflow.nodes) < 200:
        assert canonical_key(lower(again)) == canonical_key(dataflow)


@chunks(2000)
def test_any_text(start: int) -> None:
    try_all(start)


@pytest.mark.fuzz
@chunks(100_000, first=2000)
def test_very_many_texts(start: int) -> None:
    try_all(start)


@chunks(1000)
def test_any_bytes(start: int) -> None:
    """A file that is no text, or too large, is one message."""
    for index in range(start, start + CHUNK):
        data = make_text(SEED, index).encode(("utf-8", "utf-16", "latin-1")[index % 3], "replace")
        try:
            source = decode(data, Path("some.fen"))
        except FenError as error:
            assert len(error.diagnostics) == 1
        else:
            check_text(source.text)


@chunks(1000)
def test_any_space_file(start: int) -> None:
    for index in range(start, start + CHUNK):
        text = make_text(SEED, index)
        for shown in (text, f"space S {{ states 1\n{text}\n}}"):
            try:
                read_space(SourceFile(shown))
            except FenError as error:
                assert 1 <= len(error.diagnostics) <= MAX_DIAGNOSTICS
                assert all(d.code in all_rules() for d in error.diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        "cell C(x, h_prev) -> h {\n" + "    a = q * q\n" * 200 + "}",
        "".join(f"fn f{k}(a) = a\n" for k in range(200)),
        "$ " * 2000,
        ") ( } {\n" * 500,
        "cell " * 3000,
    ],
    ids=["unknown-names", "bodies", "characters", "brackets", "headers"],
)
def test_at_most_fifty_messages(text: str) -> None:
    assert 1 <= len(check_text(text)) <= MAX_DIAGNOSTICS
