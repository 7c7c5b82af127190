"""What `compile --emit` writes: one file a target, which defines `emit(stages)`: text or bytes.

A new target is a new file in this folder; its name is the file's.  The other files help them.
"""

from __future__ import annotations

from functools import cache
from importlib.abc import InspectLoader
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal, overload

from fenas_lang.registry import discover, load, suggest
from fenas_lang.rules.emit import UNKNOWN_TARGET

if TYPE_CHECKING:
    from fenas_lang.spaces.model import Space
    from fenas_lang.syntax.ast import Cell


def targets() -> list[str]:
    """The names of all targets, in alphabetical order."""
    return list(_targets())


@overload
def emit(  # type: ignore[overload-overlap]
    cell: Cell, target: Literal["onnx"], space: Space | None = None, **options: int
) -> bytes: ...
@overload
def emit(cell: Cell, target: str = "torch", space: Space | None = None, **options: int) -> str: ...
def emit(
    cell: Cell, target: str = "torch", space: Space | None = None, **options: int
) -> str | bytes:
    """A cell as some target, text but for `onnx`; `space` replaces its own, as `--space` does.

    `options` are `input_size`, `hidden_size` and `seed`, for targets that hold weights.
    Raises FenError where the cell does not check, or there is no such target.
    """
    from fenas_lang.emit.stages import Stages

    if target not in _targets():
        raise UNKNOWN_TARGET.error(
            target=target, targets=", ".join(targets()), suggestion=suggest(target, targets())
        )
    written: str | bytes = load(__name__, target, "target").emit(Stages(cell, space, **options))
    return written


@cache
def _targets() -> tuple[str, ...]:
    return tuple(name for name, module in discover(__name__).items() if _defines_emit(module))


def _defines_emit(module: str) -> bool:
    """Read from the file, as importing them all to list them would be slow."""
    spec = find_spec(module)
    loader = spec.loader if spec else None
    source = loader.get_source(module) if isinstance(loader, InspectLoader) else None
    return source is not None and "\ndef emit(" in source
