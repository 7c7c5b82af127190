"""fenasc atlas: all cells of a small space trained, for comparing strategies in seconds."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from fenas_lang.cli.output import Format, note, print_json, write

EVERY_SECONDS = 10.0

File = Annotated[Path, typer.Argument(help="The atlas.", metavar="FILE")]
Workers = Annotated[int, typer.Option(min=1, help="Processes that train.")]

group = typer.Typer(
    name="atlas",
    no_args_is_help=True,
    help="Train every cell of the space atlas, for comparing strategies without training.",
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.add_typer(group)


@group.command()
def make(
    file: File,
    workers: Workers = 1,
    nodes: Annotated[int, typer.Option(min=1, max=3, help="Live nodes of the largest cells.")] = 3,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each cell on each task.")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="Steps of each training.")] = 150,
) -> None:
    """Train every cell on two synthetic tasks, adding and copy.

    Of cells that are one function one is trained, and the useful ones first. The whole atlas takes
    about an hour on two cores; Ctrl-C and kills lose nothing that is done.

    \b
    fenasc atlas make atlas.db --workers 2
    fenasc atlas make small.db --nodes 1 --seeds 1 --steps 20
    """
    from fenas_lang.atlas import make as making

    planned = making.plan(nodes=nodes, seeds=seeds, steps=steps)
    with _interruptible(file):
        making.make(file, planned, workers=workers, report=_reporter())
    _next(file)


@group.command()
def resume(
    file: File,
    workers: Workers = 1,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="More trainings of each cell on each task.")
    ] = None,
) -> None:
    """Go on with an atlas that was interrupted, or train all cells from more seeds.

    \b
    fenasc atlas resume atlas.db --workers 2
    fenasc atlas resume atlas.db --seeds 5
    """
    from fenas_lang.atlas import make as making

    with _interruptible(file):
        making.resume(file, workers=workers, seeds=seeds, report=_reporter())
    _next(file)


@group.command()
def status(
    file: File, format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text
) -> None:
    """Say how many cells there are and how many are trained, how fast, and which are best.

    FILE may be a table that `fenasc atlas export` wrote.

    \b
    fenasc atlas status atlas.db
    fenasc atlas status atlas.db --format json
    """
    from fenas_lang.atlas.figures import figures, text

    found = figures(file)
    if format is Format.json:
        print_json(found.as_json())
    else:
        typer.echo(text(found, file))


@group.command()
def export(
    file: File,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Write a line of CSV for each cell, with its source and all metrics.

    Whatever reads an atlas reads the table as well; a name that ends in .gz is compressed.

    \b
    fenasc atlas export atlas.db -o atlas.csv
    fenasc atlas export atlas.db -o atlas.csv.gz
    """
    from fenas_lang.tasks.atlas_table import compressed, contents, table

    text = table(contents(file))
    gzipped = output is not None and output.suffix == ".gz"
    write(compressed(text) if gzipped else text, output)


def _reporter() -> Callable[[int, int], None]:
    """A line every few seconds."""
    started, first, last = time.monotonic(), -1, -EVERY_SECONDS

    def report(done: int, total: int) -> None:
        nonlocal first, last
        first, now = (done if first < 0 else first), time.monotonic() - started
        if now - last >= EVERY_SECONDS or done == total:
            last = now
            left = (total - done) * now / (done - first) / 60 if done > first else 0
            note(f"{done}/{total} cells" + (f", {left:.0f} minutes left" if left else ""))

    return report


@contextlib.contextmanager
def _interruptible(file: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        said = f"interrupted; every finished cell is stored. Go on with: fenasc atlas resume {file}"
        typer.echo(said, err=True)
        raise typer.Exit(130) from None


def _next(file: Path) -> None:
    note(f"\nnext:\n  fenasc atlas status {file}")
    note(f"  fenasc evolve --space atlas --task atlas --data {file} --store run.db")
