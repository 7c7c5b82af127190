"""Made-up data, and where the real ones are."""

from __future__ import annotations

import os
from pathlib import Path

import made_up_glue
import pytest

PEOPLE, VERBS, THINGS = ("ann", "bob", "cleo"), ("sees", "has", "<unk>"), ("N apples", "a cat")
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def sentences(start: int, count: int) -> str:
    """Lines of a three-part grammar, with a space at both ends as the Penn Treebank has them."""
    numbers = range(start, start + count)
    lines = (f" {PEOPLE[n % 3]} {VERBS[n // 3 % 3]} {THINGS[n // 2 % 2]} \n" for n in numbers)
    return "".join(lines)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A directory with 60, 20 and 10 sentences."""
    directory = tmp_path / "made-up"
    directory.mkdir()
    for split, start, count in (("train", 0, 60), ("valid", 60, 20), ("test", 80, 10)):
        (directory / f"ptb.{split}.txt").write_text(sentences(start, count), encoding="utf-8")
    return directory


@pytest.fixture(scope="session")
def glue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The nine tasks, made up."""
    return made_up_glue.write(tmp_path_factory.mktemp("made-up") / "glue")


@pytest.fixture(scope="session")
def real_glue() -> Path:
    """GLUE where the environment has it."""
    directory = Path(os.environ.get("FENAS_DATA", BESIDE)) / "glue"
    if not directory.is_dir():
        pytest.skip("no GLUE: set FENAS_DATA to a directory that has it in glue/")
    return directory


@pytest.fixture(scope="session")
def penn_treebank() -> Path:
    """The Penn Treebank where the environment has it; the text is under copyright."""
    directory = Path(os.environ.get("FENAS_DATA", BESIDE)) / "ptb"
    if not directory.is_dir():
        pytest.skip("no Penn Treebank: set FENAS_DATA to a directory that has it in ptb/")
    return directory
