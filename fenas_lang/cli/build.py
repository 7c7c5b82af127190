"""fenasc compile: every stage of the compiler as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.check import SpaceOption
from fenas_lang.cli.output import cell_of, space_of, write

CellArgument = Annotated[
    str,
    typer.Argument(
        help="A file, file.fen:NAME, a shipped cell such as gru.fen, or - for standard input.",
        metavar="CELL",
    ),
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command(name="compile")(compile_cell)


def compile_cell(
    cell: CellArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
    emit: Annotated[
        str,
        typer.Option(
            "--emit",
            help="What to print: ast, nodes, ir, torch, latex, dot, svg, mermaid or json.",
            metavar="TARGET",
        ),
    ] = "torch",
    space: SpaceOption = None,
) -> None:
    """Compile a cell: to a readable PyTorch module, or any other target.

    \b
    fenasc compile gru.fen -o gru.py && python gru.py
    fenasc compile lstm.fen --emit svg -o lstm.svg
    fenasc compile my_cell.fen --emit latex
    """
    from fenas_lang.emit import emit as emitted

    write(emitted(cell_of(cell, space), emit, space_of(space)), output)
