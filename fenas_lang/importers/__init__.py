"""Cells of other systems as .fen: one file a form, and its name is the form's.

An importer is a module with `read(text, name, output) -> Cell`; its docstring says what the form
is.  Files that begin with `_` are none.
"""

from __future__ import annotations

import re

from fenas_lang.check.check import checked
from fenas_lang.registry import Unknown, discover, load
from fenas_lang.rules.importers import CELL_NAME, OUTPUT, UNKNOWN_FORM
from fenas_lang.syntax.ast import Cell

ALL, LOOSE = "all", "loose"
"""What an importer can average: all nodes, or those that no other node reads."""


def forms() -> tuple[str, ...]:
    """The names of all forms."""
    return tuple(discover(__name__))


def import_cell(text: str, form: str, name: str = "Imported", output: str | None = None) -> Cell:
    """The cell that a text says in the form of another system, checked.

    `output` is `all` or `loose`; None is what the system itself does with that text.
    Raises FenError (FEN300-309) for an unknown form or a text that is not of that form.
    """
    try:
        importer = load(__name__, form, "importer")
    except Unknown as error:
        names = ", ".join(error.candidates)
        raise UNKNOWN_FORM.error(form=form, forms=names, suggestion=error.suggestion) from None
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise CELL_NAME.error(name=name)
    if output not in (ALL, LOOSE, None):
        raise OUTPUT.error(output=output)
    return checked(importer.read(text, name, output)).cell
