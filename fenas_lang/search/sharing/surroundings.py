"""What a run gives a strategy that trains in the run's own process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.search.store import path_of

ENDING = ".shared"


@dataclass(frozen=True)
class Surroundings:
    """`checkpoint` is a file or None, and `run` names the run that it is of.

    `stop` says whether to end with KeyboardInterrupt, `say` takes messages.
    """

    checkpoint: Path | None = None
    run: str = ""
    stop: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = lambda text: None


def place_of(store: str) -> Path | None:
    """The checkpoint's file beside a store; None for a database that is no file."""
    path = path_of(store)
    return None if path is None else path.with_name(path.name + ENDING)
