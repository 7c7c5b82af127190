"""The native engine for emitted modules, which look for this file and run without it as well.

An emitted class holds its cell's source beside its Python code, and people edit either.  The engine
takes over only where the code is what this version of the package compiles that source to.
"""

from __future__ import annotations

import weakref
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fenas_lang.emit.torch_frame import RecurrentLayer
    from fenas_lang.emit.torch_sweep import Result
    from fenas_lang.engine.native import NativeCell

INTERFACE = 1
"""What emitted modules may call: `run` and `backend`.  Another number, and they run without it."""

Known = tuple["weakref.ref[FunctionType]", "NativeCell | None"]
_known: weakref.WeakKeyDictionary[type, Known] = weakref.WeakKeyDictionary()


def run(layer: RecurrentLayer, *arguments: Any) -> Result | None:
    """What `layer._run_direction(*arguments)` gives; None where torch operations must do it."""
    import torch

    from fenas_lang.engine import dispatch

    method = _method(layer)
    if torch.compiler.is_compiling():
        from fenas_lang.engine import operator

        traced = operator.traced_class(type(layer), method)
        return None if traced is None else operator.run(traced, layer, *arguments)
    cell = recognised(type(layer), method)
    return None if cell is None else dispatch.run(cell, layer, *arguments)


def backend(layer: RecurrentLayer) -> str:
    """How an emitted layer runs: `native` or `torch`."""
    from fenas_lang.engine.serving import served

    cell = recognised(type(layer), _method(layer))
    native = cell is not None and served(next(layer.parameters(), None))
    return "native" if native else "torch"


def recognised(layer: type[RecurrentLayer], prepare: Any) -> NativeCell | None:
    """The cell that a class with that method translates, compiled when first asked for."""
    if not isinstance(prepare, FunctionType):
        return None
    known = _known.get(layer)
    if known is None or known[0]() is not prepare:
        from fenas_lang.engine.recognition import recognise

        known = _known[layer] = weakref.ref(prepare), recognise(layer, prepare)
    return known[1]


def _method(layer: RecurrentLayer) -> Any:
    """The function `prepare`, which may be replaced in a class or a layer at any time."""
    return None if "prepare" in layer.__dict__ else type(layer).prepare
