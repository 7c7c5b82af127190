"""Small problems: nothing here measures anything."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fenas_lang.bench.problem import Problem, pose
from fenas_lang.bench.settings import Settings
from fenas_lang.bench.shapes import shapes
from fenas_lang.check.loader import load
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

SETTINGS = Settings(runs=1, threads=1)


@pytest.fixture
def problem() -> Callable[..., Problem]:
    """A shipped cell by name, or a random one of a space by its seed."""

    def make(
        cell: str | int = "LSTM",
        shape: str = "8,3,5",
        settings: Settings = SETTINGS,
        space: str = "fenas",
    ) -> Problem:
        if isinstance(cell, str):
            return pose(load(cell), shapes(shape)[0], settings)
        drawn = sample(load_space(space), rng=random.Random(cell), nodes=7)
        return pose(drawn, shapes(shape)[0], settings)

    return make
