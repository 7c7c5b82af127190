"""fenasc evolve, resume, status, best, export: the search."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenas_lang.cli.catalog import Output, Sampler
from fenas_lang.cli.output import Format, Verbosity, note, print_json, write

if TYPE_CHECKING:
    from fenas_lang.search.result import Result

Store = Annotated[str, typer.Argument(help="The run's file, or the URL of its database.")]
Out = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--out",
        help="Write best.fen, best.py, best.svg, best.safetensors and best.md here.",
        metavar="DIR",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="The task's data: a directory, or hub:DATASET[/CONFIG]."),
]

Ray = Annotated[
    str | None,
    typer.Option("--ray", help="Train on the Ray cluster at this address.", metavar="ADDRESS"),
]

Board = Annotated[
    Path | None,
    typer.Option(help="Write scalars for TensorBoard here, too.", metavar="DIR"),
]

OPTIONS = (
    *("population", "sample", "cycles", "nodes", "workers", "threads", "seed", "output", "by"),
    *("strategy", "init", "profile", "repeats", "baselines", "limit", "memory", "ray", "sharing"),
    *("mutator", "mutator_limit"),
    *("eta", "patience", "inherit", "proxy", "candidates"),
)
"""The options of `evolve` that are fields of the run's settings."""


FOLDER = Path(__file__).parents[1] / "search" / "strategies"
STRATEGIES = ", ".join(sorted(path.stem for path in FOLDER.glob("[!_]*.py")))
"""Found without importing the search, which needs more packages than `--help`."""


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
    strategy: Annotated[str, typer.Option(help=f"{STRATEGIES}.")] = "aging",
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
    objectives: Annotated[
        str | None,
        typer.Option(
            help="For nsga2: score and parameters (the default) or flops, with commas between.",
            metavar="NAME,NAME",
        ),
    ] = None,
    mutator: Annotated[
        str,
        typer.Option(
            help="A program that mutates: JSON with parents on its standard input, a child's "
            "source on its output.  Among several: --mutation mutator=WEIGHT.",
            metavar="COMMAND",
        ),
    ] = "",
    mutator_limit: Annotated[
        float, typer.Option(min=0, help="Seconds that the mutator may take for a child.")
    ] = 60.0,
    memory: Annotated[
        float | None, typer.Option(min=0, help="GB that a worker may use.", metavar="GB")
    ] = None,
    ray: Ray = None,
    sharing: Annotated[
        int, typer.Option(min=1, help="Shared weights are trained as long as so many cells.")
    ] = 10,
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
    tensorboard: Board = None,
    out: Out = None,
) -> None:
    """Evolve better cells from seed cells, each trained on a task.

    \b
    fenasc evolve lstm.fen gru.fen --task digits --store run.db --workers 2
    fenasc evolve LSTM --task lm --data data/ptb --profile paper --nodes 9 --store ptb.db
    fenasc evolve LSTM GRU --task digits --mutation operation=4 --mutation rewire=1
    fenasc evolve LSTM GRU --task digits --strategy nsga2 --objectives score,flops
    fenasc evolve LSTM --task digits --mutator 'python propose.py' --mutator-limit 30
    fenasc evolve LSTM --task digits --strategy enas --sharing 20 --population 50 --cycles 0
    fenasc evolve LSTM --task digits --set epochs=9 --fidelity 1,3,9 --patience 3
    fenasc evolve LSTM --task digits --inherit --proxy hidden_covariance --candidates 8
    """
    from fenas_lang.search import study
    from fenas_lang.tasks.settings import assignments

    options = {name: context.params[name] for name in OPTIONS}
    if objectives is not None:
        options["objectives"] = tuple(name.strip() for name in objectives.split(","))
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
            watcher=_watcher(tensorboard),
            **options,
        )
    _finish(result, out)


def resume(
    store: Store,
    data: Data = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that train, instead of the run's.")
    ] = None,
    ray: Ray = None,
    tensorboard: Board = None,
    out: Out = None,
) -> None:
    """Go on with a run that was interrupted.

    \b
    fenasc resume run.db
    fenasc resume run.db --data /elsewhere/ptb --workers 4
    fenasc resume run.db --ray 10.0.0.1:6379 --workers 16
    """
    from fenas_lang.search import study

    with _interruptible(store):
        listener = _watcher(tensorboard)
        result = study.resume(store, data=data, workers=workers, ray=ray, watcher=listener)
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


def best(
    store: Store,
    data: Data = None,
    weights: Annotated[
        bool,
        typer.Option(
            "--weights/--no-weights", help="With -o: train once more, and write the weights."
        ),
    ] = True,
    out: Out = None,
) -> None:
    """Show the best cell of a run: source, lineage, figures; with -o also as files.

    \b
    fenasc best run.db
    fenasc best run.db -o best
    fenasc best run.db -o best --no-weights
    """
    from fenas_lang.search import study

    _show(study.result_of(store), out, weights=weights, data=data)


def export(
    store: Store,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to this file.", metavar="FILE")
    ] = None,
) -> None:
    """Write every trial as a row, with sources, reasons and logs: CSV, or Parquet by the ending.

    \b
    fenasc export run.db -o run.csv
    fenasc export run.db -o run.parquet
    """
    from fenas_lang.search.export import PARQUET, csv_text, parquet_bytes

    as_parquet = output is not None and output.suffix == PARQUET
    write(parquet_bytes(store) if as_parquet else csv_text(store), output)


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


def _watcher(events: Path | None) -> Any:
    from fenas_lang.cli.progress import watcher

    shown = watcher(Verbosity.quiet)
    if events is None:
        return shown
    from fenas_lang.search.events import Events
    from fenas_lang.search.watcher import Watchers

    return Watchers(shown, Events(events))


@contextlib.contextmanager
def _interruptible(store: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        from fenas_lang.search.server import as_argument
        from fenas_lang.search.store import path_of

        path = path_of(store)
        if path is None or path.exists():
            go_on = f"fenasc resume {as_argument(store)}"
            said = f"interrupted; every finished trial is stored. Go on with: {go_on}"
        else:
            said = "interrupted before the run began; nothing was written"
        typer.echo(said, err=True)
        raise typer.Exit(130) from None


def _finish(result: Result, out: Path | None) -> None:
    """The end of a run: what was found, and what can be done with it."""
    from fenas_lang.search.server import as_argument

    _show(result, out)
    store = as_argument(result.store)
    commands = [
        f"fenasc status {store}",
        f"fenasc report {store} -o report.html",
        f"fenasc export {store} -o trials.csv",
    ]
    if out is None:
        commands.append(f"fenasc best {store} -o .")
    else:
        commands.append(f"fenasc compile {out / 'best.fen'} --emit latex")
    note("\nnext:\n" + "\n".join(f"  {command}" for command in commands))


def _show(
    result: Result, out: Path | None, *, weights: bool = True, data: Path | None = None
) -> None:
    from fenas_lang.analysis import analyze
    from fenas_lang.search.lineage import documented
    from fenas_lang.search.summary import result_text

    try:
        # Files first: the reader of a pipe may be gone after a few lines.
        if out is not None:
            _write_files(result, out, weights, data)
    finally:
        typer.echo(f"{result_text(result)}\n\n{documented(result)}")
        hidden = result.hidden_size
        typer.echo(analyze(result.cell, hidden, hidden, result.space).as_text())


def _write_files(result: Result, out: Path, weights: bool, data: Path | None) -> None:
    from fenas_lang.search.publish import documents, weights_and_card
    from fenas_lang.search.weights import best_training

    out.mkdir(parents=True, exist_ok=True)
    texts, missing = documents(result)
    for name, text in texts.items():
        write(text, out / name)
    if weights:
        seconds = best_training(result).measured.seconds
        note(
            f"training {result.cell.name} once more for its weights: about {max(seconds, 1):.0f} s"
        )
    files, reasons = weights_and_card(result, weights=weights, data=data)
    for name, content in files.items():
        write(content, out / name)
    for reason in (*missing, *reasons):
        note(reason)
