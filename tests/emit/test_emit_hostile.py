"""Text never becomes code: whatever a comment holds stays inside, in every target."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenas_lang.check.loader import loads
from fenas_lang.emit import emit
from fenas_lang.emit.layout import place
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell, Comments

CLEAN = "cell C in open (x, h) -> n {\n    n = tanh(@x, 0.5)\n}\n"
HOSTILE = [
    '"""',
    "*/ } digraph G {",
    "]]></desc><script>alert(1)</script>",
    "<script>alert(1)</script>",
    "trailing backslash \\",
    r"\end{align*} \input{x} ^^M \immediate\write18{x}",
    "%%{init: {'theme': 'dark'}}%% %%%{init: {}}%%",
    '#60;script#62; #quot; &lt;b&gt; "];click m0 callback',
    "one\rtwo\r\nthree",
    "nul \0 bell \x07 escape \x1b[31m delete \x7f",
    "next \x85 line \u2028 separator \u2029 form \x0c feed \x0b",
    "right \u202e to left \u2066 marks \u200f",
    "lone \ud800 surrogate",
    "not a character \uffff \ufffe",
    "tab\tand  spaces",
    "",
]
LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"


def with_comment(text: str) -> Cell:
    """A cell as a mutation or a program may make it: its comment holds anything at all."""
    return replace(loads(CLEAN), comments=Comments(above=(text,)))


def without_comments(text: str, mark: str) -> list[str]:
    return [line for line in text.split("\n") if not line.startswith(mark)]


def check_only_comments_differ(hostile: str, target: str, mark: str) -> None:
    text = emit(with_comment(hostile), target)
    assert not set(text) & set(LINE_ENDS + "\0\t\ufffe\uffff")
    assert without_comments(text, mark) == emit(loads(CLEAN), target).split("\n")


def check_everything(hostile: str) -> None:
    for target, mark in (("ir", "#"), ("latex", "%"), ("dot", "//")):
        check_only_comments_differ(hostile, target, mark)
    place(emit(with_comment(hostile), "dot"))
    check_mermaid(hostile)
    check_svg(hostile)
    check_json(hostile)
    check_ast(hostile)


def check_mermaid(hostile: str) -> None:
    text = emit(with_comment(hostile), "mermaid")
    assert without_comments(text, "    accDescr: ") == emit(loads(CLEAN), "mermaid").split("\n")
    assert not set(text.partition("accDescr: ")[2].partition("\n")[0]) & {*"%<&", *LINE_ENDS, "\0"}


def check_svg(hostile: str) -> None:
    text = emit(with_comment(hostile), "svg")
    root, clean = ElementTree.fromstring(text), ElementTree.fromstring(emit(loads(CLEAN), "svg"))
    assert [e.tag for e in root.iter()] == [e.tag for e in clean.iter()]
    description = root.find("{http://www.w3.org/2000/svg}desc")
    assert description is not None and (description.text or "").endswith("n = tanh(@x, 0.5)")
    text.encode()


def check_json(hostile: str) -> None:
    text = emit(with_comment(hostile), "json")
    assert text.isascii() and "<" not in text
    assert json.loads(text)["documentation"] == hostile


def check_ast(hostile: str) -> None:
    lines = emit(with_comment(hostile), "ast").split("\n")
    clean = emit(loads(CLEAN), "ast").split("\n")
    assert [line for line in lines if "Comment above" not in line] == clean
    assert len(lines) == len(clean) + 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_documentation_stays_inside(hostile: str) -> None:
    check_everything(hostile)


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(blacklist_characters="\n", blacklist_categories=())))
def test_any_documentation_stays_inside(hostile: str) -> None:
    check_everything(hostile)


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if "\r" not in text])
def test_a_hostile_comment_of_a_file_is_kept_by_nodes(hostile: str) -> None:
    """A carriage return ends a comment, so that no file has a comment with one."""
    cell = loads(f"# {hostile}\n{CLEAN}")
    again = loads(emit(cell, "nodes"))
    assert lower(again) == lower(cell)
    assert again.documentation == cell.documentation
