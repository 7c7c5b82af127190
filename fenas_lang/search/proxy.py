"""Guesses at what a cell is worth, without training.

A proxy is a file of `fenas_lang/search/proxies` with a function `score(cell, dataflow, seed)`: a
number, the higher the better, which depends on nothing else.  A search with a proxy draws several
cells for each trial and trains the one that it puts first.
"""

from __future__ import annotations

from collections.abc import Callable

from fenas_lang import registry
from fenas_lang.ir.graph import Dataflow
from fenas_lang.rules import search as rules
from fenas_lang.syntax.ast import Cell

FOLDER = "fenas_lang.search.proxies"

Proxy = Callable[[Cell, Dataflow, int], float]


def check_name(name: str) -> None:
    """Raises FEN520 where no proxy has this name; imports none."""
    known = registry.discover(FOLDER)
    if name not in known:
        raise rules.UNKNOWN_PLUGIN.error(
            kind="proxy",
            name=name,
            known=", ".join(known),
            suggestion=registry.suggest(name, known),
        )


def named(name: str) -> Proxy:
    """The proxy of this name, which may load torch.  Raises FEN520."""
    check_name(name)
    found: Proxy = registry.load(FOLDER, name, "proxy").score
    return found
