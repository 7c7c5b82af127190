"""The reference of spaces: each example reads, or is wrong as it says, and every word is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.source import SourceFile
from fenas_lang.spaces.parser import CLAUSES, grammar
from fenas_lang.spaces.reader import load_space, read_space, shipped_spaces

PAGE = (Path(__file__).parents[2] / "docs" / "spaces.md").read_text("utf-8")
FENCE = re.compile(r"^```space(?P<words>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(fence["words"].split(), fence["text"]) for fence in FENCE.finditer(PAGE)]
GOOD = [text for words, text in BLOCKS if not words]
BAD = [(words[1], text) for words, text in BLOCKS if words[:1] == ["bad"]]


@pytest.mark.parametrize("text", GOOD)
def test_good_examples_read(text: str) -> None:
    read_space(SourceFile(text))


@pytest.mark.parametrize("code, text", BAD)
def test_bad_examples_have_their_code(code: str, text: str) -> None:
    with pytest.raises(FenError) as caught:
        read_space(SourceFile(text))
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]


def test_every_block_is_run() -> None:
    assert len(GOOD) + len(BAD) == PAGE.count("```space")


def test_the_text_of_fenas_is_that_of_the_file() -> None:
    source = load_space("fenas").source
    assert source is not None and source.text in GOOD


def test_the_quoted_message_is_real() -> None:
    ((_, text), *_) = BAD
    with pytest.raises(FenError) as caught:
        read_space(SourceFile(text, name="misspelled.space"))
    assert str(caught.value) in PAGE


def test_every_shipped_space_and_clause_is_named() -> None:
    clauses = [str(grammar().get_terminal(name).pattern.value)[:-2] for name in CLAUSES]
    missing = [word for word in [*shipped_spaces(), *clauses] if f"`{word}" not in PAGE]
    assert missing == []
