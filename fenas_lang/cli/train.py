"""fenasc train, eval, predict: one long training, and what came of it."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenas_lang.cli.evolve import Data
from fenas_lang.cli.output import Format, Verbosity, cell_of, note, print_json, write

if TYPE_CHECKING:
    from fenas_lang.runs import Result
    from fenas_lang.syntax.ast import Cell

Run = Annotated[Path, typer.Argument(help="The run's directory.", metavar="DIR")]
Shown = Annotated[Format, typer.Option("--format", help="How to print it.")]
WITH_RESUME = {"resume", "data", "tensorboard", "format"}
"""Options that say nothing of what a run is."""
SQLITE = b"SQLite format 3\0"
"""How every SQLite database begins."""
Split = Annotated[
    str, typer.Option(help="valid, test, or another that the task has.", metavar="NAME")
]


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    for name, command in (("train", train), ("eval", evaluate), ("predict", predict)):
        app.command(name)(command)


def train(
    context: typer.Context,
    cell: Annotated[
        str | None,
        typer.Argument(help="A file, a shipped cell, torch.nn.LSTM|GRU|RNN, or a search's store."),
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="A task, or module:NAME of your own.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The run's directory.", metavar="DIR")
    ] = None,
    data: Data = None,
    preset: Annotated[str | None, typer.Option(help="Published settings of the task.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the task; may be repeated.", metavar="NAME=VALUE"),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same run.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads that train.")] = 1,
    patience: Annotated[
        int | None, typer.Option(min=1, help="Epochs without a better metric that end it.")
    ] = None,
    match_parameters: Annotated[
        str | None,
        typer.Option(
            help="The largest hidden size with at most so many parameters.",
            metavar="24M|CELL:HIDDEN",
        ),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test/--no-test", help="Measure the test data at the end.")
    ] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Begin anew; keeps an old run as DIR.bak.")
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run in this directory.", metavar="DIR")
    ] = None,
    tensorboard: Annotated[
        Path | None, typer.Option(help="Write scalars for TensorBoard here, too.", metavar="DIR")
    ] = None,
    format: Shown = Format.text,
) -> None:
    """Train a cell for good, in a directory that a killed run resumes from.

    \b
    fenasc train lstm.fen --task digits -o lstm
    fenasc train run.db --task digits -o found --match-parameters LSTM:32
    fenasc train torch.nn.GRU --task adding --set steps=200 --seed 1 -o gru
    fenasc train LSTM --task lm --data data/ptb --match-parameters 24M --patience 5 -o ptb
    fenasc train --resume lstm
    """
    from fenas_lang import runs
    from fenas_lang.tasks.settings import assignments

    listener = _listener(tensorboard)
    if resume is not None:
        _refuse_others(context)
        with _interruptible(resume):
            result = runs.resume(resume, data=data, listener=listener)
        _finish(result, resume, format)
        return
    if cell is None or task is None or out is None:
        raise typer.BadParameter("a run needs CELL, --task TASK and -o DIR, or --resume DIR")
    with _resolved(cell) as found, _interruptible(out):
        result = runs.train(
            found,
            task,
            out,
            data=data,
            settings=assignments(set_ or []),
            preset=preset,
            seed=seed,
            threads=threads,
            patience=patience,
            match_parameters=match_parameters,
            test=test,
            force=force,
            listener=listener,
        )
    _finish(result, out, format)


def evaluate(
    run: Run, data: Data = None, split: Split = "valid", format: Shown = Format.text
) -> None:
    """Measure the weights of a run's best epoch.

    \b
    fenasc eval lstm
    fenasc eval lstm --split test --format json
    fenasc eval ptb --data /elsewhere/ptb
    """
    from fenas_lang import runs
    from fenas_lang.cli.run_tables import evaluation_text

    found = runs.evaluate(run, split, data=data)
    if format is Format.json:
        print_json(found.as_json())
    else:
        typer.echo(evaluation_text(found))


def predict(
    run: Run,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The file to write.", metavar="FILE")
    ],
    data: Data = None,
    split: Split = "test",
) -> None:
    """Write what a run's best weights predict, for GLUE the file that its server takes.

    \b
    fenasc predict rte -o RTE.tsv
    fenasc predict mnli --split test_mismatched -o MNLI-mm.tsv
    fenasc predict rte --split valid -o valid.tsv
    """
    from fenas_lang import runs

    write(runs.predict(run, split, data=data).text, output)


def _refuse_others(context: typer.Context) -> None:
    """A run that goes on is what it was: no other option has a meaning."""
    for name in context.params.keys() - WITH_RESUME:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            known = name.rstrip("_").replace("_", "-")
            raise typer.BadParameter(
                f"a run that goes on is what it was begun as, without `{known}`",
                param_hint="--resume",
            )


@contextlib.contextmanager
def _resolved(reference: str) -> Iterator[Cell | str]:
    """What to train: the best cell of a search's store, or what the reference names."""
    if not _is_store(reference):
        yield cell_of("-", None) if reference == "-" else reference
        return
    from fenas_lang.search import study
    from fenas_lang.search.lineage import documented
    from fenas_lang.search.weights import beside_space

    result = study.result_of(reference)
    with beside_space(result, documented(result)) as cell:
        yield cell


def _is_store(reference: str) -> bool:
    path = Path(reference)
    if not path.is_file():
        return "://" in reference
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def _listener(events: Path | None) -> Any:
    from fenas_lang.cli.epochs import listener

    shown = listener(Verbosity.quiet)
    if events is None:
        return shown
    from fenas_lang.runs.events import Events
    from fenas_lang.runs.listener import Listeners

    return Listeners(shown, Events(events))


@contextlib.contextmanager
def _interruptible(directory: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        from fenas_lang.runs.directory import Directory

        found = Directory(directory)
        if found.exists:
            said = f"interrupted; every whole epoch is kept. Go on with: {found.resume_command}"
        else:
            said = "interrupted before the run began; nothing was written"
        typer.echo(said, err=True)
        raise typer.Exit(130) from None


def _finish(result: Result, directory: Path, format: Format) -> None:
    """What came of it and what can be done with it; FEN465 for a training that failed."""
    from fenas_lang import tasks
    from fenas_lang.cli.run_tables import result_text
    from fenas_lang.rules.runs import TRAINING_FAILED
    from fenas_lang.runs.directory import Directory

    if format is Format.json:
        print_json(result.as_json())
    else:
        typer.echo(result_text(result))
    if result.failure is not None:
        hint = (
            f"`{Directory(directory).resume_command}` repeats the epoch, as after a lack of memory"
        )
        raise TRAINING_FAILED.error(
            path=directory, epoch=result.epochs, reason=result.failure, hint=hint
        )
    place = shlex.quote(str(directory))
    commands = [f"fenasc eval {place}"]
    if hasattr(tasks.kind(result.task), "predict"):
        commands.append(f"fenasc predict {place} -o predictions.tsv")
    note("\nnext:\n" + "\n".join(f"  {command}" for command in commands))
