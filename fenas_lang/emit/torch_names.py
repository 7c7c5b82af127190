"""Names inside emitted Python: the cell's own, escaped where Python or the code around claims them.

A name of the language never ends in `_`, so an escaped name (`lambda_`) is no other node's.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

LONGEST = 22
"""Longer names are cut, so that any operation on two names fits a line."""

LOCALS = frozenset({*keyword.kwlist, "F", "Tensor", "masks", "self", "stack", "step", "torch"})
"""What a local name of the emitted method may not be."""

SHAPE_CHECK = frozenset({"layer", "output", "print", "state", "states", "tuple", "x"})


class Names:
    """Hands out distinct names."""

    def __init__(self, taken: Iterable[str] = LOCALS):
        self._taken = set(taken)

    def claim(self, wanted: str) -> str:
        """The wanted name, or one close to it."""
        name = wanted if wanted not in LOCALS else f"{wanted}_"
        if len(name) > LONGEST or name in self._taken:
            name = self._numbered(wanted)
        self._taken.add(name)
        return name

    def _numbered(self, wanted: str) -> str:
        number = 2
        while True:
            ending = f"_{number}"
            name = wanted[: LONGEST - len(ending)].rstrip("_") + ending
            if name not in self._taken:
                return name
            number += 1


def class_name(cell_name: str) -> str:
    """The name of the emitted class: the cell's, escaped where the module needs that name."""
    taken = cell_name in frame_names() or cell_name in SHAPE_CHECK or keyword.iskeyword(cell_name)
    return f"{cell_name}_" if taken else cell_name


@cache
def frame_text() -> str:
    """What all emitted modules hold: imports, `torch_sweep.py`, and `torch_frame.py`."""
    imports, frame = _source("torch_frame.py")
    _, sweep = _source("torch_sweep.py")
    return "\n\n\n".join((f"{imports}\n\n{sweep}", frame))


def _source(file: str) -> tuple[str, str]:
    """The imports of a file, without those from this package, and all that follows."""
    text = files("fenas_lang.emit").joinpath(file).read_text(encoding="utf-8")
    found = [n for n in ast.parse(text).body if isinstance(n, ast.Import | ast.ImportFrom)]
    outer = [n for n in found if not ast.unparse(n).startswith("from fenas_lang")]
    lines = text.splitlines()
    imports = lines[outer[0].lineno - 1 : outer[-1].end_lineno]
    return "\n".join(imports), "\n".join(lines[found[-1].end_lineno :]).strip()


@cache
def frame_names() -> frozenset[str]:
    """Every name that the frame defines, imports or reads."""
    names = set()
    for node in ast.walk(ast.parse(frame_text())):
        match node:
            case ast.Name(id=name) | ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.alias(name=name, asname=asname):
                names.add(asname or name)
    return frozenset(names)
