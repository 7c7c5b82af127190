"""fenasc cells, spaces, sample, count, import: the shipped cells and search spaces."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from fenas_lang.cli.output import Format, as_json, print_json, write

SpaceChoice = Annotated[str, typer.Option("--space", help="A shipped space, or a .space file.")]
Output = Annotated[
    str | None,
    typer.Option(
        "--output", help="Output rule: last, loose, all or any; default the space's first."
    ),
]
Nodes = Annotated[int | None, typer.Option("--nodes", min=1, help="Nodes; default the space's.")]
States = Annotated[int | None, typer.Option("--states", min=1, help="States; default the fewest.")]


class Sampler(StrEnum):
    uniform = "uniform"
    choices = "choices"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (cells, spaces, sample, count):
        app.command()(command)
    app.command(name="import")(import_cell)


def cells(
    name: Annotated[str | None, typer.Argument(help="Print this cell's source.")] = None,
    format: Annotated[Format, typer.Option(help="How to print the list.")] = Format.text,
    drawn: Annotated[
        bool,
        typer.Option("--map", help="Draw which cells contain which, as far as it is proved."),
    ] = False,
    to: Annotated[
        Path | None, typer.Option("-o", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """List the shipped cells with their figures, or print one, or draw their map.

    \b
    fenasc cells
    fenasc cells GRU > my_gru.fen
    fenasc cells --map -o cells.svg
    """
    from fenas_lang.check import loader

    if drawn:
        write(_map(format), to)
    elif name is not None:
        source = loader.find(name)[0].text
        typer.echo(source, nl=False) if to is None else write(source, to)
    elif format is Format.json:
        write(as_json(_figures()), to)
    else:
        write(_list(), to)


def _figures() -> list[dict[str, Any]]:
    from fenas_lang import analysis
    from fenas_lang.check import loader

    return [analysis.figures(loader.load(known)) for known in loader.shipped_cells()]


def _list() -> str:
    columns = (
        "name",
        "space",
        "states",
        "nodes",
        "skips",
        "weighted_edges",
        "plain_edges",
        "depth",
    )
    table = [[str(row[c]) for c in columns] + [row["parameters"]["formula"]] for row in _figures()]
    return _table([*(c.replace("_edges", "") for c in columns), "parameters"], table)


def _map(format: Format) -> str:
    """SVG, or the boxes and arrows as JSON."""
    from fenas_lang.check import loader
    from fenas_lang.cli.progress import counted
    from fenas_lang.ir.lower import expand, lower
    from fenas_lang.report.cell_map import cell_map
    from fenas_lang.report.map_drawing import draw

    graphs = {name: expand(lower(loader.load(name))) for name in loader.shipped_cells()}
    found = cell_map(graphs, lambda pairs: counted(pairs, "pairs of cells"))
    return as_json({"version": 1, **found.as_json()}) if format is Format.json else draw(found)


def spaces(
    name: Annotated[str | None, typer.Argument(help="Print this space's text.")] = None,
) -> None:
    """List the shipped search spaces, or print one.

    \b
    fenasc spaces
    fenasc spaces fenas > mine.space
    """
    from fenas_lang.spaces.reader import load_space, shipped_spaces

    if name is not None:
        source = load_space(name).source
        assert source is not None
        typer.echo(source.text, nl=False)
        return
    for known in shipped_spaces():
        space = load_space(known)
        typer.echo(f"{known:16}{space.documentation.partition(chr(10))[0]}")


def sample(
    space: SpaceChoice = "fenas",
    seed: Annotated[int, typer.Option(help="The same seed gives the same cells.")] = 0,
    count: Annotated[int, typer.Option("--count", min=1, help="How many cells.")] = 1,
    nodes: Nodes = None,
    states: States = None,
    output: Output = None,
    by: Annotated[Sampler, typer.Option(help="How to draw.")] = Sampler.uniform,
    to: Annotated[
        Path | None, typer.Option("-o", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Draw random cells from a space.

    \b
    fenasc sample --nodes 9 --seed 1
    fenasc sample --space enas --count 5 -o five.fen
    """
    import random

    from fenas_lang.spaces.reader import load_space
    from fenas_lang.spaces.sample import sample as draw

    chosen, rng = load_space(space), random.Random(seed)
    names = [f"Cell{number}" if count > 1 else "Cell" for number in range(1, count + 1)]
    drawn = [
        draw(chosen, rng=rng, nodes=nodes, states=states, output=output, by=by.value, name=name)
        for name in names
    ]
    write("\n".join(str(cell) for cell in drawn), to)


def count(
    space: SpaceChoice = "fenas",
    nodes: Nodes = None,
    states: States = None,
    output: Output = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
) -> None:
    """Count the node lists of a space exactly.

    \b
    fenasc count --nodes 9
    fenasc count --space darts --nodes 9
    """
    from fenas_lang.spaces.count import count as exact
    from fenas_lang.spaces.reader import load_space

    # Counts are exact, and have thousands of digits for large cells.
    sys.set_int_max_str_digits(0)
    chosen = load_space(space)
    size, carried = nodes or chosen.nodes[1], states or chosen.states[0]
    number = exact(chosen, nodes=size, states=carried, output=output)
    if format is Format.json:
        fields = {"space": chosen.name, "nodes": size, "states": carried, "count": number}
        print_json({"version": 1, **fields})
        return
    plural = "s" if carried != 1 else ""
    typer.echo(f"{number:,} cells of {size} nodes and {carried} state{plural} in {chosen.name}")


def import_cell(
    genotype: Annotated[str, typer.Argument(help="The text, or a file that holds it.")],
    form: Annotated[
        str,
        typer.Option("--from", help="What it is: enas, enas_original, darts or nas_bench_nlp."),
    ],
    name: Annotated[str, typer.Option(help="The name of the cell.")] = "Imported",
    output: Annotated[
        str | None, typer.Option("--output", help="What is averaged: all or loose.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("-o", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Turn another system's genotype into a cell.

    \b
    fenasc import "0 2 1 0 2 1 2 2 4 0 5 0 3 2 6 2" --from enas
    fenasc import "[('relu', 0), ('tanh', 1)]" --from darts -o mine.fen
    """
    from fenas_lang import importers
    from fenas_lang.check import loader

    path = Path(genotype) if len(genotype) < 256 else None
    text = loader.read(path).text if path is not None and path.is_file() else genotype
    write(str(importers.import_cell(text, form, name, output)), to)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = (
        "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True))
        for row in (head, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)
