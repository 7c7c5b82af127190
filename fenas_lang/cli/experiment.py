"""fenasc experiment: the paper's experiments, at a scale."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fenas_lang.cli.output import as_json, note, print_json

if TYPE_CHECKING:
    from fenas_lang.experiments.budget import Budget
    from fenas_lang.experiments.experiment import Asked
    from fenas_lang.experiments.plan import Plan


class ReportFormat(StrEnum):
    text = "text"
    json = "json"
    markdown = "markdown"


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(experiment)


def experiment(
    name: Annotated[
        str | None, typer.Argument(help="The experiment; without one, all are listed.")
    ] = None,
    scale: Annotated[
        str, typer.Option(help="tiny (minutes, no data needed), small (hours), or paper.")
    ] = "tiny",
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            help="A directory of text or of GLUE, or one with ptb and glue in it.",
            metavar="DIR",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Everything goes here; default runs/NAME-SCALE.", metavar="DIR"
        ),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds of each row, instead of the scale's.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Trainings at a time.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option("--ray", help="Train on the Ray cluster at this address.", metavar="ADDRESS"),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option("--store", help="For found-cell: a search that was made already."),
    ] = None,
    row: Annotated[
        list[str] | None,
        typer.Option("--row", help="Only this row; may be repeated.", metavar="LABEL"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would run, and how long that takes.")
    ] = False,
    format: Annotated[ReportFormat, typer.Option(help="How to print it.")] = ReportFormat.text,
) -> None:
    """Run an experiment of the paper, or go on with it; the paper's figures stand beside its own.

    \b
    fenasc experiment
    fenasc experiment table1 --scale tiny --workers 2
    fenasc experiment table1 --scale small --data data/ptb -o runs/table1 --workers 2
    fenasc experiment table2 --scale paper --dry-run
    fenasc experiment table2 --scale tiny --row LSTM --row 'majority class'
    fenasc experiment found-cell --scale small --store ptb.db --data data/ptb --format markdown
    """
    from fenas_lang.experiments.experiment import Asked

    if name is None:
        _list(format)
        return
    asked = Asked(name, scale, data, output, seeds, workers, ray, store, tuple(row or ()))
    if dry_run:
        _estimate(asked, format)
    else:
        _run(asked, format)


def _list(format: ReportFormat) -> None:
    from fenas_lang import experiments

    found = {name: experiments.find(name) for name in experiments.names()}
    if format is ReportFormat.json:
        told = {name: {"title": r.title, "about": r.about} for name, r in found.items()}
        print_json({"version": 1, "experiments": told})
        return
    width = max(map(len, found))
    for name, recipe in found.items():
        typer.echo(f"{name:{width}}  {recipe.about}")


def _estimate(asked: Asked, format: ReportFormat) -> None:
    from fenas_lang.experiments.experiment import estimated

    plan, budget = estimated(asked)
    if format is ReportFormat.json:
        print_json(_budget_json(plan, budget))
    else:
        typer.echo(_budget_text(plan, budget))


def _budget_json(plan: Plan, budget: Budget) -> dict[str, Any]:
    head = {"version": 1, "experiment": plan.name, "scale": plan.scale, "seeds": plan.seeds}
    return head | budget.as_json()


def _budget_text(plan: Plan, budget: Budget) -> str:
    from fenas_lang.experiments.report import budget_clock

    lines = list(budget.commands)
    within = [part.trainings for part in budget.parts if part.is_search]
    done = f", {budget.done} are done" if budget.done else ""
    return "\n".join(
        [
            *lines,
            "",
            f"{plan.name}, scale {plan.scale}, {plan.seeds} seed(s): {len(lines)} commands{done}.",
            f"{budget.trainings:,} trainings, {sum(within):,} of them in {len(within)} search(es):"
            f" {budget.operations:.2e} floating-point operations.",
            f"This machine trains at {budget.rate / 1e9:.1f} GFLOP/s a worker, so that"
            f" {budget.workers} worker(s) take {budget_clock(budget.hours)};"
            f" {budget.room / 1e9:.1f} GB are kept.",
            "Counted: three forward passes a step, cells to be found as known ones, no validation.",
        ]
    )


def _run(asked: Asked, format: ReportFormat) -> None:
    from fenas_lang.experiments import experiment as running

    try:
        report = running.run(asked, note)
    except KeyboardInterrupt:
        where = f" -o {shlex.quote(str(asked.folder))}" if asked.folder else ""
        note(f"interrupted; nothing that ended is lost. Go on with: {asked.command}{where}")
        raise
    told = as_json(report.as_json())
    names = running.keep(report, asked.place, told + "\n")
    shown = report.markdown(names) if format is ReportFormat.markdown else report.text()
    typer.echo((told if format is ReportFormat.json else shown).rstrip("\n"))
    written = ", ".join(["result.json", "result.md", *names.values()])
    note(f"\nwrote {written} in {asked.place}")
    if report.findings.failures():
        raise typer.Exit(5)
