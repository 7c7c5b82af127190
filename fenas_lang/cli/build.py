"""fenasc compile: every stage of the compiler, and what it compiles to."""

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
            help="ast, nodes, ir, plan, torch, onnx, latex, dot, svg, mermaid or json.",
            metavar="TARGET",
        ),
    ] = "torch",
    space: SpaceOption = None,
    input_size: Annotated[int, typer.Option(min=1, help="D of an ONNX model.")] = 300,
    hidden_size: Annotated[int, typer.Option(min=1, help="H of an ONNX model.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="Draws the weights of an ONNX model.")] = 0,
) -> None:
    """Compile a cell: to a readable PyTorch module, or any other target.

    \b
    fenasc compile gru.fen -o gru.py && python gru.py
    fenasc compile lstm.fen --emit svg -o lstm.svg
    fenasc compile my_cell.fen --emit latex
    fenasc compile gru.fen --emit onnx --input-size 40 --hidden-size 64 -o gru.onnx
    """
    from fenas_lang.emit import emit as emitted

    sizes = {"input_size": input_size, "hidden_size": hidden_size}
    write(emitted(cell_of(cell, space), emit, space_of(space), **sizes, seed=seed), output)
