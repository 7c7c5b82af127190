"""Documentation as harmless text: lines that no line end, control or bidi mark can break out of."""

from __future__ import annotations

import re

from fenas_lang.syntax.ast import Cell

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Controls, line separators, bidi marks, lone surrogates: what XML forbids or can hide text."""


def documentation_lines(cell: Cell) -> list[str]:
    """The documentation, one entry a line, unsafe characters shown as U+FFFD and tabs as spaces."""
    lines = cell.documentation.replace("\r\n", "\n").split("\n") if cell.documentation else []
    return [_UNSAFE.sub("\ufffd", line.replace("\t", " ")).rstrip() for line in lines]


def comment_lines(cell: Cell, mark: str) -> list[str]:
    """The documentation as line comments of another language, which begin with `mark`."""
    return [f"{mark} {line}".rstrip() for line in documentation_lines(cell)]
