"""fenasc bench: the engine beside other ways to run a cell."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.catalog import SpaceChoice
from fenas_lang.cli.output import Format, cell_of, note, write
from fenas_lang.rules.files import UNREADABLE


class Clock(StrEnum):
    wall = "wall"
    processor = "processor"


class Type(StrEnum):
    float32 = "float32"
    float64 = "float64"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(bench)


def bench(
    cells: Annotated[
        list[str] | None,
        typer.Argument(help="Cells: files, file.fen:NAME, or shipped cells.", metavar="CELL…"),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="What to compare with: lstm, gru, torch, eager, compile, jax, onnxruntime, with "
            "commas between several; default torch, eager, and lstm or gru where the cell is one.",
            metavar="PEERS",
        ),
    ] = None,
    shapes: Annotated[
        str,
        typer.Option(
            help="Letters of A 35,64,64; B 35,64,300; C 35,20,900; D 50,64,300; E 200,16,128; "
            "F 35,1,300; or T,B,H or T,B,D,H of your own.",
        ),
    ] = "B",
    steps: Annotated[str, typer.Option(help="train, inference, or both.")] = "train,inference",
    threads: Annotated[int | None, typer.Option(min=1, help="Default: torch's.")] = None,
    dtype: Annotated[Type, typer.Option(help="Of weights and values.")] = Type.float32,
    runs: Annotated[int, typer.Option(min=1, help="Rounds of all candidates in turn.")] = 15,
    clock: Annotated[
        Clock, typer.Option(help="Time that passes, or that processors compute.")
    ] = Clock.wall,
    random: Annotated[
        int, typer.Option("--random", min=0, help="Also measure so many random cells.", metavar="N")
    ] = 0,
    space: SpaceChoice = "fenas",
    nodes: Annotated[int, typer.Option(min=1, help="Nodes of random cells.")] = 9,
    seed: Annotated[int, typer.Option(help="Of cells, weights, inputs and order.")] = 0,
    also: Annotated[
        str,
        typer.Option(
            help="Further rows: plan (of a new cell), head (of a language model); or empty."
        ),
    ] = "plan",
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Time a cell's layer beside other ways to run the same cell, all in turn in one run.

    \b
    fenasc bench LSTM
    fenasc bench LSTM GRU --against lstm,gru,eager --shapes ABCDE
    fenasc bench my_cell.fen --against compile,jax --shapes 35,64,300 --steps train
    fenasc bench --random 3 --against eager --format json -o times.json
    """
    import json

    from fenas_lang.bench import words
    from fenas_lang.bench.bench import bench as run
    from fenas_lang.bench.report import json_object, report
    from fenas_lang.bench.shapes import shapes as shapes_of
    from fenas_lang.bench.subjects import random_subjects, subjects
    from fenas_lang.spaces.reader import load_space

    if output is not None and not output.parent.is_dir():
        raise UNREADABLE.error(path=output, reason="its folder does not exist")
    settings = words.settings(
        steps=steps, runs=runs, threads=threads, dtype=dtype.value, clock=clock.value, seed=seed
    )
    chosen = subjects(cell_of(cell, None) for cell in cells or ())
    if random:
        chosen += random_subjects(load_space(space), random, nodes, seed)
    rows = words.words(also)
    words.check_something(chosen, rows)
    peers = None if against is None else words.words(against)
    result = run(chosen, shapes_of(shapes), settings, peers, rows, note)
    if format is Format.json:
        write(json.dumps(json_object(result), indent=2, ensure_ascii=False) + "\n", output)
    else:
        write(report(result), output)
    if any(left.wrong for left in result.left_out):
        raise typer.Exit(5)
