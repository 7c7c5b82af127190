"""A cell's documentation and source in the literals of Python code, which no text can leave."""

from __future__ import annotations

from dataclasses import replace

from fenas_lang.emit.torch_names import class_name
from fenas_lang.syntax.ast import Cell


def docstring(cell: Cell) -> str:
    """The module docstring of an emitted file, quotes included."""
    name = class_name(cell.name)
    lines = [f"{cell.name}: a recurrent cell in plain PyTorch, compiled from its .fen source."]
    if cell.documentation:
        lines += ["", *_escaped_lines(cell.documentation)]
    lines += ["", f"The class {name} is at the end; the code before it is the same for every cell."]
    return "\n".join(['"""' + lines[0], *lines[1:], '"""'])


def source_attribute(cell: Cell) -> list[str]:
    """The attribute `source` of the emitted class, which any version of this package reads back."""
    lines = ['source = """', *_escaped_lines(_source(cell)), '"""']
    return [f"    {line}".rstrip() for line in lines]


def _source(cell: Cell) -> str:
    """The cell without the documentation above it."""
    return str(replace(cell, comments=replace(cell.comments, above=()))).strip("\n")


def _escaped_lines(text: str) -> list[str]:
    return [escaped(line.rstrip()) for line in text.split("\n")]


def escaped(line: str) -> str:
    """A line as it stands inside a triple-quoted literal: harmless, and shown as it was written."""
    line = line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c.isprintable() else _escape(c) for c in line)


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
