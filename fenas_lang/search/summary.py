"""A run in words and tables, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fenas_lang.search.finals import FOUND, RANDOM, Final
from fenas_lang.search.lineage import figure
from fenas_lang.search.objectives import Compromise
from fenas_lang.search.pace import clock
from fenas_lang.search.result import Result
from fenas_lang.search.status import INTERRUPTED, UNFINISHED, Status

ROLES = {FOUND: "found", RANDOM: "random baseline"}


def result_text(result: Result) -> str:
    """The cell found, and the final phase as a table."""
    metric = f"{result.metric_name} {figure(result.metric)}"
    lines = [f"{result.cell.name}: {metric} ({result.basis})"]
    if result.finals:
        lines += ["", *_finals(result)]
    elif result.references:
        lines += ["", *_table(_references(result))]
    lines += _front(result.front, result.metric_name, result.settings.hidden)
    return "\n".join(lines)


def _finals(result: Result) -> Iterator[str]:
    told = result.settings
    metric = result.metric_name
    how = f"trained {told.repeats} times each, on the same seeds ({metric}, mean ± deviation)"
    yield f"{how if result.trains else f'looked up ({metric})'}:"
    rows = [_row(final, metric) for final in result.finals]
    yield from _table([("cell", "role", metric, "on test"), *rows, *_references(result)])
    if any(final.entrant.role == RANDOM for final in result.finals):
        filtered = ", useless ones drawn again" if told.rules.novelty else ""
        yield (
            f"random cells: {told.baselines}, sampled by `{told.by}`, {told.nodes} nodes, output "
            f"{told.output}{filtered}"
        )


def _row(final: Final, metric: str) -> tuple[str, str, str, str]:
    failed = len(final.trials) - len(final.metrics)
    spread = f" ± {figure(final.deviation)}" if len(final.metrics) > 1 else ""
    shown = f"{failed} failed" if failed else f"{figure(final.metric)}{spread}"
    entrant = final.entrant
    return entrant.name, ROLES.get(entrant.role, "seed"), shown, figure(final.on_test(metric))


def _references(result: Result) -> list[tuple[str, str, str, str]]:
    """What simple predictors get, as rows; they are not measured on the test data."""
    return [(name, "reference", figure(score), "-") for name, score in result.references.items()]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(f"{text:<{w}}" for text, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def status_text(status: Status) -> str:
    """How far a run is."""
    told = status.settings
    lines = [
        f"{status.store}: {told.strategy} search on {status.task['task']}, profile {told.profile},"
        f" {status.state}",
        f"trials    {status.trials} of {told.total}, then {status.finals} trained again",
        f"saved     {status.hits} known cells, {status.rejected} useless ones",
        f"training  {status.seconds:.0f} s{_pace(status)}",
    ]
    if status.copies or status.useless:
        known, useless = status.copies, status.useless
        lines.append(f"trained although known: {known}, although useless: {useless}")
    if status.rungs:
        counts = (f"{count} to {epochs}" for epochs, count in status.rungs.items())
        lines.append(f"rungs     {', '.join(counts)} epochs")
    lines += [f"failed    {count} × {reason}" for reason, count in status.failures.items()]
    if status.best is not None:
        best = status.best
        lines.append(f"best      {best.name}: {status.task['metric']} {figure(best.metric)}")
        lines += ["", best.source.rstrip()]
    lines += _front(status.front, status.task["metric"], told.hidden)
    lines += [text for text in (status.exhausted, status.inexact and _inexact(status)) if text]
    if status.state in (INTERRUPTED, UNFINISHED):
        lines.append(f"\ngo on with: fenasc resume {status.store}")
    return "\n".join(lines).rstrip()


def _front(front: Sequence[Compromise], metric: str, hidden: int) -> list[str]:
    """The Pareto front as a table, the best score first."""
    if not front:
        return []
    costs = list(front[0].costs)
    rows = [
        (one.trial.name, figure(one.trial.metric), *(f"{one.costs[name]:,}" for name in costs))
        for one in front
    ]
    title = f"Pareto front, costs at D = H = {hidden}:"
    return ["", title, *_table([("cell", metric, *costs), *rows])]


def _pace(status: Status) -> str:
    rate, left = status.pace.per_minute, status.left
    shown = "" if rate is None else f", {rate:.1f} trials a minute"
    return shown + (f", {clock(left)} left" if left else "")


def _inexact(status: Status) -> str:
    return f"the clock decided a trial, so this run cannot be repeated exactly: {status.inexact}"
