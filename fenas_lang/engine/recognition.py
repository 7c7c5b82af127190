"""Whether an emitted class, which anyone may have edited, still is the translation of its source.

The source is compiled again and the results are compared as byte code: of the `prepare` method and
of all that stands between it and the outputs.  So comments and layout may differ, files may be gone
or frozen into an archive, and what a later version of the package translates differently is not
recognised.  A digest of the text could promise none of these.
"""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from dataclasses import replace
from types import CodeType, FunctionType
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.emit.torch_frame import RecurrentLayer
from fenas_lang.engine.compiled import class_of
from fenas_lang.engine.native import NativeCell
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Cell
from fenas_lang.syntax.parser import parse

KIND = 0xFF
"""The flags of code that say what it is, and not how it was compiled."""


def recognise(layer: type[RecurrentLayer], prepare: Any) -> NativeCell | None:
    """The cell that a class with that method translates; None where it is edited or outdated."""
    read = _read(layer.source)
    if read is None:
        return None
    made = class_of(*read)
    unchanged = same(prepare, made.prepare) and same(
        layer._run_direction, RecurrentLayer._run_direction
    )
    return made.native if unchanged else None


def _read(source: str) -> tuple[Cell, Dataflow] | None:
    """A cell in its space; where that is not here or forbids it, in the one that allows all."""
    cells = [replace(cell, source=None) for cell in parse(SourceFile(source))[0].cells]
    for cell in [*cells, *(replace(cell, space="open") for cell in cells)]:
        try:
            return cell, lower(cell)
        except FenError:
            continue
    return None


def same(one: Any, other: Any) -> bool:
    """Whether two functions are the same code, reading the same globals; else, identity."""
    if not (isinstance(one, FunctionType) and isinstance(other, FunctionType)):
        return one is other
    return (
        _content(one.__code__) == _content(other.__code__)
        and (one.__defaults__, one.__kwdefaults__) == (other.__defaults__, other.__kwdefaults__)
        and all(same(_global(one, n), _global(other, n)) for n in set(_globals(one.__code__)))
    )


def _content(code: CodeType) -> tuple[Any, ...]:
    """What code does, without its place in a file."""
    return (
        *(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        *(code.co_flags & KIND, code.co_code, code.co_exceptiontable),
        *(code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        *(
            _content(value) if isinstance(value, CodeType) else (type(value), repr(value))
            for value in code.co_consts
        ),
    )


def _globals(code: CodeType) -> Iterator[str]:
    """The names that code, and the functions in it, read from their module."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _globals(value)


def _global(function: FunctionType, name: str) -> Any:
    return function.__globals__.get(name, getattr(builtins, name, None))
