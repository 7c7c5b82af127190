"""Published lists of trained cells that a search is run in, as if each trial trained one.

A pool is a file of this folder with a constant `SPACE` and a function `read(folder)`; its name is
the file's, and the task's that looks its scores up.  Files that begin with `_` are none.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from fenas_lang import registry
from fenas_lang.pools._pool import Member, Pool, Runs

__all__ = ["Member", "Pool", "Runs", "names", "pool", "space"]


def names() -> list[str]:
    """All pools, in order; imports none of them."""
    return list(registry.discover(__name__))


def space(name: str) -> str | None:
    """The space of a pool's cells; None where there is no such pool."""
    return str(_module(name).SPACE) if name in names() else None


def pool(name: str, folder: Path) -> Pool:
    """A pool, read from the folder of its data.  Raises FenError (FEN430, FEN431)."""
    found: Pool = _module(name).read(folder)
    return found


def _module(name: str) -> ModuleType:
    return registry.load(__name__, name, "pool")
