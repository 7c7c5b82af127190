"""A made-up corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

WORDS = ("ann", "bob", "cleo", "sees", "has", "<unk>", "apples", "cats")


def sentences(start: int, count: int) -> str:
    lines = (range(n, n + 3 + n % 4) for n in range(start, start + count))
    return "".join(" ".join(WORDS[k * k % 8] for k in line) + "\n" for line in lines)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A directory with three small texts."""
    directory = tmp_path / "text"
    directory.mkdir()
    for split, start, count in (("train", 0, 60), ("valid", 60, 20), ("test", 80, 10)):
        (directory / f"{split}.txt").write_text(sentences(start, count), encoding="utf-8")
    return directory
