"""What a report tells in words and tables: what ran, what was found, saved, and what failed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from fenas_lang.report.document import add, folded, section, table
from fenas_lang.report.run import Run
from fenas_lang.search.finals import RANDOM, Final
from fenas_lang.search.lineage import figure
from fenas_lang.search.pace import clock
from fenas_lang.search.summary import ROLES
from fenas_lang.search.trial import HIT, SCORED, Trial

LOGS, LOG = 3, 2000
"""So many logs of a reason are shown, and the last so many characters of each."""


def add_settings(page: Element, run: Run) -> None:
    """What was asked for, and on what it ran."""
    facts = add(section(page, "settings", "What ran"), "dl")
    for name, value in _settings(run):
        add(facts, "dt", name)
        add(facts, "dd", value)


def _settings(run: Run) -> Iterator[tuple[str, str]]:
    told, task = run.settings, run.status.task
    yield "Task", f"{task['task']}, measured by {task['metric']}"
    yield "Settings of the task", named(task["settings"]) or "none"
    yield "Data checksum", str(task["checksum"])
    yield "Space", f"{run.space.name}, {told.nodes} nodes in random cells, output {told.output}"
    yield "Strategy", _strategy(run)
    yield "Mutations", named(told.mutations)
    yield "Profile", f"{told.profile}, seed {told.seed}"
    yield "Processes", f"{told.workers}, with {told.threads} threads each"
    yield "Hardware", "; ".join(run.hardware) or "not known"
    yield "Version", f"fenas-lang {run.meta.get('version', '?')}"
    yield "Begun", run.begun
    if run.status.inexact:
        yield "Repeatable", f"not exactly, as the clock decided a trial: {run.status.inexact}"


def _strategy(run: Run) -> str:
    told = run.settings
    shape = f"population {told.population}, sample {told.sample}, {told.cycles} cycles"
    return f"{told.strategy}, {shape}, first population {told.init}"


def named(values: Mapping[str, Any]) -> str:
    """`hidden 16, epochs 3`."""
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in values.items()
    )


def add_finals(page: Element, run: Run) -> None:
    """The trainings at the end, beside seeds, random cells and references."""
    rows = [*_final_rows(run), *_reference_rows(run)]
    if run.result is None or not rows:
        return
    trained = bool(run.result.finals) and run.result.trains
    part = section(page, "finals", "Trained again" if trained else "References")
    if trained:
        add(part, "p", _protocol(run, run.result.finals), class_="soft")
    head = ("cell", f"{run.metric} (validation)", "on test", "role", "trainings", "parameters")
    table(part, head, rows, "Trainings at the end")


def _protocol(run: Run, finals: Sequence[Final]) -> str:
    text = f"Mean ± standard deviation of {run.settings.repeats} trainings on the same fresh seeds."
    if any(final.entrant.role == RANDOM for final in finals):
        told = run.settings
        text += f" Random cells: sampled by {told.by}, {told.nodes} nodes, output {told.output}."
    return text


def _final_rows(run: Run) -> Iterator[Sequence[str]]:
    finals = run.result.finals if run.result else ()
    for final in finals:
        spread = f" ± {figure(final.deviation)}" if len(final.metrics) > 1 else ""
        whole = final.metric is not None
        failed = len(final.trials) - len(final.metrics)
        shown = f"{figure(final.metric)}{spread}" if whole else f"{failed} failed"
        found = final.trials[0].measured.facts.get("parameters")
        size = f"{found:,}" if isinstance(found, int) else "-"
        role = ROLES.get(final.entrant.role, "seed")
        if run.result is not None and final is run.result.final:
            role = "the result"
        test = figure(final.on_test(run.metric))
        yield final.entrant.name, shown, test, role, str(len(final.trials)), size


def _reference_rows(run: Run) -> Iterator[Sequence[str]]:
    for name, value in run.references.items():
        yield name, figure(value), "-", "reference", "-", "-"


def add_savings(page: Element, run: Run) -> None:
    """What the cache of scores and the filter of useless cells saved, or would have."""
    part = section(page, "saved", "Trainings saved")
    for line in _savings(run):
        add(part, "p", line)
    if run.refused:
        rows = [(reason, f"{count:,}") for reason, count in run.refused.items()]
        table(part, ("refused before training, because", "cells"), rows, "Refused cells")


def _savings(run: Run) -> Iterator[str]:
    shown, mean = run.status, _mean_seconds(run.trials)
    saved = shown.hits + shown.rejected
    worth = f", about {clock(saved * mean)} of training at {mean:.3g} s each" if mean else ""
    if saved:
        yield (
            f"{shown.hits:,} {_cells(shown.hits)} took the score of an equal one, and "
            f"{shown.rejected:,} useless ones were refused: {saved:,} trainings saved{worth}."
        )
    else:
        yield "None: no cell was known or useless, or the profile trains them all the same."
    if shown.copies or shown.useless:
        yield (
            f"Trained all the same: {shown.copies:,} known {_cells(shown.copies)} and "
            f"{shown.useless:,} useless ones, of {shown.trials:,} trials."
        )


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _mean_seconds(trials: Sequence[Trial]) -> float:
    seconds = [t.measured.seconds for t in trials if t.outcome == SCORED and t.measured.seconds]
    return statistics.fmean(seconds) if seconds else 0.0


def add_failures(page: Element, run: Run) -> None:
    """Failed trainings by reason, with some of their logs."""
    part = section(page, "failures", "Failures")
    failed: dict[str, list[Trial]] = {}
    for trial in (*run.trials, *run.finals):
        if trial.measured.reason:
            failed.setdefault(trial.measured.reason, []).append(trial)
    if not failed:
        add(part, "p", "No training failed.")
        return
    for reason, trials in sorted(failed.items(), key=lambda item: -len(item[1])):
        add(part, "h3", f"{len(trials):,} × {reason}")
        add(part, "p", _which(trials), class_="soft")
        for trial in [t for t in trials if t.measured.log.strip()][:LOGS]:
            words = f"Log of {trial.name}, {trial.phase} trial {trial.number}"
            folded(part, words, _end(trial.measured.log))


def _which(trials: Sequence[Trial]) -> str:
    names = ", ".join(trial.name for trial in trials[:10])
    return names + (f" and {len(trials) - 10:,} more" if len(trials) > 10 else "")


def _end(log: str) -> str:
    text = log.strip()
    return text if len(text) <= LOG else f"…{text[-LOG:]}"


def tiles(run: Run) -> Iterator[tuple[str, str]]:
    """The figures that a reader wants first, and what they are."""
    shown = run.status
    yield f"{shown.trials:,} of {run.settings.total:,}", "trials"
    yield clock(shown.seconds), "of training"
    if shown.pace.per_minute is not None:
        yield f"{shown.pace.per_minute:.1f}", "trials a minute"
    if shown.left:
        yield clock(shown.left), "left at this pace"
    hits = sum(trial.outcome == HIT for trial in run.trials)
    yield f"{hits + shown.rejected:,}", "trainings saved"
    yield f"{sum(shown.failures.values()):,}", "failures"
