"""What a run trains: a cell in the engine, or one of PyTorch's own layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.check.check import space_of
from fenas_lang.check.loader import resolve
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.lower import lower
from fenas_lang.registry import suggest
from fenas_lang.rules import runs as rules
from fenas_lang.runs.layers import KINDS, PREFIX, torch_layer, twin
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.reader import load_space, shipped_spaces
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.training import LayerFactory

ENGINE, TORCH = "engine", "torch.nn"
CELL_FILE = "cell.fen"


@dataclass(frozen=True)
class Subject:
    """A cell, or the kind of a layer of PyTorch, and what builds its layer."""

    name: str
    layer: str
    cell: Cell | str
    build: LayerFactory

    @property
    def key(self) -> str | None:
        """The cell's canonical key; a layer of PyTorch has none."""
        return canonical_key(lower(self.cell)) if isinstance(self.cell, Cell) else None

    @property
    def counted(self) -> Subject:
        """A subject of as many parameters whatever the dropout: for PyTorch's layers their twin."""
        return self if isinstance(self.cell, Cell) else subject_of(twin(self.cell))

    @property
    def texts(self) -> Mapping[str, str]:
        """The cell as a file, and its space where that does not come with the package."""
        if not isinstance(self.cell, Cell):
            return {}
        space = space_of(self.cell)
        texts = {CELL_FILE: str(self.cell)}
        known = space.name in shipped_spaces() and load_space(space.name) == space
        return texts if known else texts | {f"{space.name}.space": _text(space)}


def subject_of(cell: Cell | str | Path) -> Subject:
    """A cell, a reference to one, or `torch.nn.LSTM`, `torch.nn.GRU`, `torch.nn.RNN`.

    Raises FenError: FEN474, or what is wrong with the cell.
    """
    if isinstance(cell, str) and cell.startswith(PREFIX):
        return _torch(cell.removeprefix(PREFIX))
    found = resolve(cell)
    return Subject(found.name, ENGINE, found, compile_layer)


def _text(space: Space) -> str:
    return space.source.text if space.source else ""


def _torch(kind: str) -> Subject:
    if kind not in KINDS:
        known = [PREFIX + name for name in KINDS]
        near = PREFIX + str(suggest(kind, KINDS) or next(iter(KINDS)))
        raise rules.UNKNOWN_LAYER.error(name=PREFIX + kind, known=", ".join(known), suggestion=near)
    return Subject(PREFIX + kind, TORCH, kind, torch_layer)
