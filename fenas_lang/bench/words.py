"""The words of the command line as settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fenas_lang.bench.settings import STEPS, Settings
from fenas_lang.registry import suggest
from fenas_lang.rules.bench import BAD_WORD, NOTHING_TO_MEASURE


def words(text: str) -> tuple[str, ...]:
    """The different words of a list with commas."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def settings(*, steps: str, threads: int | None, **given: Any) -> Settings:
    """Settings, with torch's number of threads where None is given.  Raises FenError (FEN294)."""
    wanted = words(steps) or (steps,)
    for step in wanted:
        if step not in STEPS:
            known, meant = ", ".join(STEPS), suggest(step, STEPS)
            raise BAD_WORD.error(given=step, kind="step", known=known, suggestion=meant)
    count = torch.get_num_threads() if threads is None else threads
    return Settings(steps=wanted, threads=count, **given)


def check_something(subjects: Sequence[object], rows: Sequence[str]) -> None:
    """Raise FenError (FEN293) where there is nothing to measure."""
    if not subjects and not rows:
        raise NOTHING_TO_MEASURE.error()
