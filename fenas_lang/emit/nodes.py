"""`nodes`: the lowered cell as legal .fen text, one call a node, with the same parameters."""

from __future__ import annotations

from dataclasses import replace

from fenas_lang.check.check import check_cell, checked
from fenas_lang.emit.stages import Stages
from fenas_lang.syntax.formatter import format_cell

WIDEST_SPACE = "open"


def emit(stages: Stages) -> str:
    """The flat cell, its comments and dead nodes kept.

    It stays in its space if it is legal there; a space's own functions are gone, and what they
    were made of may be legal in `open` only.
    """
    flat = checked(stages.cell, stages.space).flat
    legal, _ = check_cell(flat)
    return format_cell(flat if legal else replace(flat, space=WIDEST_SPACE))
