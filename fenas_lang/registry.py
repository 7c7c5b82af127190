"""Plug-ins found by file name: a file in a package's folder is one, and its name is the file's.

Nothing is imported to find them, only the one that is asked for.  `suggest` is the "did you mean"
of every message.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

LONGEST_SUGGESTED = 64
"""Longer words get no suggestion: the comparison's time grows with the square of the length."""


class Unknown(LookupError):
    """A name that no plug-in has; `candidates` are those there are, `suggestion` the nearest."""

    def __init__(self, kind: str, name: str, candidates: Iterable[str]):
        self.kind, self.name, self.candidates = kind, name, tuple(sorted(candidates))
        self.suggestion = suggest(name, self.candidates)
        meant = f"; did you mean `{self.suggestion}`?" if self.suggestion else ""
        there_are = ", ".join(self.candidates) or "none"
        super().__init__(f"there is no {kind} `{name}`{meant} (there are: {there_are})")

    def __reduce__(self) -> tuple[type[Unknown], tuple[str, str, tuple[str, ...]]]:
        return type(self), (self.kind, self.name, self.candidates)


def discover(package: str) -> dict[str, str]:
    """The plug-ins of a package: name to module name, in order; `_private.py` is none.

    Raises ValueError where two folders of the package have a file of the same name.
    """
    found: dict[str, str] = {}
    for folder in importlib.import_module(package).__path__:
        for module in pkgutil.iter_modules([folder]):
            if module.name.startswith("_"):
                continue
            if module.name in found:
                raise ValueError(f"two plug-ins of {package} are called `{module.name}`")
            found[module.name] = f"{package}.{module.name}"
    return dict(sorted(found.items()))


def load(package: str, name: str, kind: str) -> ModuleType:
    """Import one plug-in; `kind` is the word for it in the error, as in `there is no task …`."""
    found = discover(package)
    if name not in found:
        raise Unknown(kind, name, found)
    return importlib.import_module(found[name])


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` probably means, whatever its case; None if none is near."""
    from difflib import get_close_matches

    if len(word) > LONGEST_SUGGESTED:
        return None
    spelled = {candidate.casefold(): candidate for candidate in sorted(candidates, reverse=True)}
    near = get_close_matches(word.casefold(), spelled, n=1)
    return spelled[near[0]] if near else None
