"""What an edit did, as a diff."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from fenas_lang.syntax.ast import NO_COMMENTS, Cell


def difference(parent: Cell, child: Cell) -> str:
    """Lines of the parent that are gone (`-`), and lines that are new (`+`), names left aside."""
    before, after = (
        str(replace(cell, name=parent.name, comments=NO_COMMENTS)).splitlines()
        for cell in (parent, child)
    )
    lines: list[str] = []
    for tag, i, j, k, l in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            lines += [f"- {line.strip()}" for line in before[i:j]]
            lines += [f"+ {line.strip()}" for line in after[k:l]]
    return "\n".join(lines)
