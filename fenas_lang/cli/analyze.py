"""fenasc analyze: what a cell is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.build import CellArgument
from fenas_lang.cli.check import SpaceOption
from fenas_lang.cli.output import Format, cell_of, print_json, space_of, write

Size = Annotated[int, typer.Option(min=1, help="The size at which formulae are evaluated.")]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(analyze)


def analyze(
    cell: CellArgument,
    input_size: Size = 300,
    hidden_size: Size = 300,
    space: SpaceOption = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", help="Also draw the cell into this file.", metavar="FILE"),
    ] = None,
) -> None:
    """Analyse a cell: counts, parameters and FLOPs, ranges, gradient paths, what it equals.

    \b
    fenasc analyze lstm.fen
    fenasc analyze best.fen --svg best.svg
    fenasc analyze gru.fen --input-size 128 --hidden-size 256 --format json
    """
    from fenas_lang import analysis
    from fenas_lang.emit import emit as emitted

    source, chosen = cell_of(cell, space), space_of(space)
    result = analysis.analyze(source, input_size, hidden_size, chosen)
    if svg is not None:
        write(emitted(source, "svg", chosen), svg)
    if format is Format.json:
        print_json(result.as_json())
        return
    typer.echo(result.as_text())
    hint = f"picture: {svg}" if svg else f"picture: fenasc analyze {cell} --svg {source.name}.svg"
    typer.echo(hint)
