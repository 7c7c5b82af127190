"""Every example in the documentation: cells check as they are said to, Python runs.

An indented Python block is an excerpt of the module that the cell above it is compiled to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fenas_lang.check.check import check_text
from fenas_lang.check.loader import loads
from fenas_lang.emit import emit
from fenas_lang.functions import FUNCTIONS
from fenas_lang.rules import all_rules

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("README.md")])
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<page>[\w.-]*)#(?P<anchor>[^)]+)\)")


def blocks(language: str) -> Iterator[tuple[str, list[str], str]]:
    """(place, words behind the language, text) of all blocks in a language."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for fence in FENCE.finditer(text):
            name, *words = fence["info"].split() or [""]
            if name == language:
                line = text.count("\n", 0, fence.start()) + 1
                yield f"{page.name}:{line}", words, fence["body"]


def python_of(page: Path) -> str:
    """The Python blocks of a page as one program, on the lines where they stand."""
    text, lines = page.read_text("utf-8"), []
    for fence in FENCE.finditer(text):
        if fence["info"].split()[:1] == ["python"] and not fence["body"].startswith(" "):
            start = text.count("\n", 0, fence.start()) + 1
            lines += [""] * (start - len(lines)) + fence["body"].splitlines()
    return "\n".join(lines) + "\n"


def excerpts() -> Iterator[tuple[str, str, str]]:
    """(place, the cell above, the excerpt) of all indented Python blocks."""
    for page in PAGES:
        cell, text = "", page.read_text("utf-8")
        for fence in FENCE.finditer(text):
            if fence["info"] == "fen":
                cell = fence["body"]
            elif fence["info"] == "python" and fence["body"].startswith(" "):
                yield (
                    f"{page.name}:{text.count(chr(10), 0, fence.start()) + 1}",
                    cell,
                    fence["body"],
                )


FEN = list(blocks("fen"))
EXCERPTS = list(excerpts())
WITH_PYTHON = [page for page in PAGES if python_of(page).strip()]


@pytest.mark.parametrize("place, words, text", FEN, ids=[place for place, *_ in FEN])
def test_cells(place: str, words: list[str], text: str) -> None:
    assert words[:1] in ([], ["bad"])
    assert {diagnostic.code for diagnostic in check_text(text)} == set(words[1:])


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.name)
def test_python(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(python_of(page), str(page), "exec"), {"__name__": "example"})


@pytest.mark.parametrize("place, cell, text", EXCERPTS, ids=[place for place, *_ in EXCERPTS])
def test_excerpts(place: str, cell: str, text: str) -> None:
    assert text in emit(loads(cell), "torch")


def test_language_names_every_function() -> None:
    table = (ROOT / "docs" / "language.md").read_text("utf-8")
    assert [name for name in FUNCTIONS if f"`{name}`" not in table] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_codes_exist(page: Path) -> None:
    named = set(re.findall(r"\bFEN\d{3}\b", page.read_text("utf-8")))
    assert named <= set(all_rules())


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.finditer(page.read_text("utf-8")):
        target = page.parent / link["page"] if link["page"] else page
        assert link["anchor"] in anchors(target), link[0]
