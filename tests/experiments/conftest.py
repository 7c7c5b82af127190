"""A small experiment that nobody ships."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_experiment import TOY


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`fenasc experiment toy` is there; the folder of its recipe."""
    from fenas_lang.experiments import recipes

    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY, "utf-8")
    monkeypatch.setattr(recipes, "__path__", [*recipes.__path__, str(folder)])
    yield folder
    sys.modules.pop("fenas_lang.experiments.recipes.toy", None)
