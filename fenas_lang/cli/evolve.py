"""fenasc evolve, resume, status, best, export: the search."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenas_lang.cli.library import Output, Sampler
from fenas_lang.cli.output import Format, Verbosity, note, print_json, write

if TYPE_CHECKING:
    from fenas_lang.search.result import Result

Store = Annotated[str, typer.Argument(help="The run's file, or the URL of its database.")]
Out = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="Write best.fen, best.py and best.svg here.", metavar="DIR"),
]
Data = Annotated[Path | None, typer.Option("--data", help="The directory of the task's data.")]

OPTIONS = (
    *("population", "sample", "cycles", "nodes", "workers", "threads", "seed", "output", "by"),
    *("strategy", "init", "profile", "repeats", "baselines", "limit"),
    *("eta", "patience", "inherit", "proxy", "candidates"),
)
"""The options of `evolve` that are fields of the run's settings."""


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for command in (evolve, resume, status, best, export):
        app.command()(command)


def evolve(
    context: typer.Context,
    task: Annotated[str, typer.Option("--task", help="A task, or module:NAME of your own.")],
    cells: Annotated[
        list[str] | None,
        typer.Argument(help="Seed cells: files (all their cells) or shipped cells."),
    ] = None,
    store: Annotated[str, typer.Option("--store", help="The run's file; it must not exist.")] = (
        "run.db"
    ),
    population: Annotated[int, typer.Option(min=1, help="Cells that live at a time.")] = 100,
    sample: Annotated[int, typer.Option(min=1, help="Cells that compete to be a parent.")] = 25,
    cycles: Annotated[int, typer.Option(min=0, help="Children after the first population.")] = 5000,
    nodes: Annotated[
        int | None, typer.Option(min=1, help="Nodes of random cells; default the space's.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed makes the same run.")] = 0,
    data: Data = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the task; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="The search space, instead of the seeds'.")
    ] = None,
    output: Output = None,
    by: Annotated[Sampler, typer.Option(help="How random cells are drawn.")] = Sampler.uniform,
    strategy: Annotated[str, typer.Option(help="aging or random.")] = "aging",
    mutation: Annotated[
        list[str] | None,
        typer.Option(
            help="A mutation and its weight, instead of operation=1: operation, rewire, weighting, "
            "output, insert, delete, swap; may be repeated.",
            metavar="NAME=WEIGHT",
        ),
    ] = None,
    init: Annotated[
        str, typer.Option(help="The first population beside the seeds: random or mutants.")
    ] = "random",
    profile: Annotated[
        str, typer.Option(help="default (never train twice, retrain the best) or paper.")
    ] = "default",
    repeats: Annotated[
        int, typer.Option(min=1, help="Trainings of each of the best at the end.")
    ] = 3,
    baselines: Annotated[
        int,
        typer.Option(min=0, help="Random cells to train at the end, as the best and the seeds."),
    ] = 0,
    limit: Annotated[
        float | None, typer.Option(min=0, help="Seconds that one training may take.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each worker.")] = 1,
    fidelity: Annotated[
        str | None,
        typer.Option(help="Rungs of successive halving, in epochs.", metavar="1,3,9"),
    ] = None,
    eta: Annotated[int, typer.Option(min=2, help="The best 1/eta go on from a rung.")] = 3,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Epochs without a better score that end a training.")
    ] = None,
    inherit: Annotated[
        bool, typer.Option("--inherit", help="Children begin with their parents' weights.")
    ] = False,
    proxy: Annotated[
        str | None, typer.Option(help="Chooses what to train, untrained: hidden_covariance.")
    ] = None,
    candidates: Annotated[
        int, typer.Option(min=2, help="Cells that the proxy chooses from, for each trial.")
    ] = 4,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew; keeps an old store as .bak.")
    ] = False,
    out: Out = None,
) -> None:
    """Evolve better cells from seed cells, each trained on a task.

    \b
    fenasc evolve lstm.fen gru.fen --task digits --store run.db --workers 2
    fenasc evolve LSTM --task lm --data data/ptb --profile paper --nodes 9 --store ptb.db
    fenasc evolve LSTM GRU --task digits --mutation operation=4 --mutation rewire=1
    fenasc evolve LSTM --task digits --set epochs=9 --fidelity 1,3,9 --patience 3
    fenasc evolve LSTM --task digits --inherit --proxy hidden_covariance --candidates 8
    """
    from fenas_lang.search import study
    from fenas_lang.tasks.settings import assignments

    options = {name: context.params[name] for name in OPTIONS}
    options["fidelity"] = _rungs(fidelity)
    if mutation:
        options["mutations"] = _weights(mutation)
    with _interruptible(store):
        result = study.evolve(
            cells or [],
            task,
            store=store,
            space=space,
            data=data,
            settings=assignments(set_ or []),
            force=force,
            watcher=_watcher(),
            **options,
        )
    _finish(result, out)


def resume(
    store: Store,
    data: Data = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that train, instead of the run's.")
    ] = None,
    out: Out = None,
) -> None:
    """Go on with a run that was interrupted.

    \b
    fenasc resume run.db
    fenasc resume run.db --data /elsewhere/ptb --workers 4
    """
    from fenas_lang.search import study

    with _interruptible(store):
        result = study.resume(store, data=data, workers=workers, watcher=_watcher())
    _finish(result, out)


def status(
    store: Store,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.text,
) -> None:
    """Say how far a run is, while it goes on or afterwards.

    \b
    fenasc status run.db
    fenasc status run.db --format json
    """
    from fenas_lang.search import status as standing
    from fenas_lang.search.summary import status_text

    found = standing.status(store)
    if format is Format.json:
        print_json(found.as_json())
    else:
        typer.echo(status_text(found))


def best(store: Store, out: Out = None) -> None:
    """Show the best cell of a run: source, lineage, figures; with -o also as files.

    \b
    fenasc best run.db
    fenasc best run.db -o best
    """
    from fenas_lang.search import study

    _show(study.result_of(store), out)


def export(
    store: Store,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Write every trial as a line of CSV, with sources, reasons and logs.

    \b
    fenasc export run.db -o run.csv
    """
    from fenas_lang.search.export import csv_text

    write(csv_text(store), output)


def _rungs(given: str | None) -> tuple[int, ...]:
    """`1,3,9` as numbers of epochs."""
    try:
        return tuple(int(epochs) for epochs in given.split(",")) if given else ()
    except ValueError:
        raise typer.BadParameter(
            f"`{given}` is no list of epochs, such as 1,3,9", param_hint="--fidelity"
        ) from None


def _weights(given: list[str]) -> dict[str, float]:
    """`operation=4` and `rewire` (weight 1) as a mapping."""
    found = {}
    for text in given:
        name, _, weight = text.partition("=")
        try:
            found[name] = float(weight or 1)
        except ValueError:
            raise typer.BadParameter(f"`{weight}` is no weight", param_hint="--mutation") from None
    return found


def _watcher() -> Any:
    from fenas_lang.cli.progress import watcher

    return watcher(Verbosity.quiet)


@contextlib.contextmanager
def _interruptible(store: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        from fenas_lang.search.store import path_of

        path = path_of(store)
        if path is None or path.exists():
            said = f"interrupted; every finished trial is stored. Go on with: fenasc resume {store}"
        else:
            said = "interrupted before the run began; nothing was written"
        typer.echo(said, err=True)
        raise typer.Exit(130) from None


def _finish(result: Result, out: Path | None) -> None:
    """The end of a run: what was found, and what can be done with it."""
    _show(result, out)
    commands = [f"fenasc status {result.store}", f"fenasc export {result.store} -o trials.csv"]
    if out is None:
        commands.append(f"fenasc best {result.store} -o .")
    else:
        commands.append(f"fenasc compile {out / 'best.fen'} --emit latex")
    note("\nnext:\n" + "\n".join(f"  {command}" for command in commands))


def _show(result: Result, out: Path | None) -> None:
    from fenas_lang.analysis import analyze
    from fenas_lang.search.lineage import documented
    from fenas_lang.search.summary import result_text

    try:
        # Files first: the reader of a pipe may be gone after a few lines.
        if out is not None:
            _write_files(result, out)
    finally:
        typer.echo(f"{result_text(result)}\n\n{documented(result)}")
        hidden = result.hidden_size
        typer.echo(analyze(result.cell, hidden, hidden, result.space).as_text())


def _write_files(result: Result, out: Path) -> None:
    from fenas_lang.search.publish import documents

    out.mkdir(parents=True, exist_ok=True)
    texts, missing = documents(result)
    for name, text in texts.items():
        write(text, out / name)
    for reason in missing:
        note(reason)
