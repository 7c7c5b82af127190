"""The family of the best cells: their ancestors, and what else was made from these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from fenas_lang.report.run import Run
from fenas_lang.search.trial import SCORED, Trial

MEMBERS = 60
"""So many are shown, at most, ..."""
ANCESTORS = 36
"""... of these so many best cells and ancestors, ..."""
LINE = 24
"""... so many in one line, the oldest and the youngest, and ..."""
SIBLINGS = 4
"""... so many further children of each ancestor, the best."""


@dataclass(frozen=True)
class Member:
    """One trial in the tree; `skipped` ancestors lie between it and `parent`, which is shown.

    `place` is that among the best different cells, from 1, and `on_line` says whether it is one of
    them or an ancestor of one; `children` counts all, shown or not.
    """

    trial: Trial
    parent: int | None
    skipped: int
    place: int | None
    on_line: bool
    children: int


Family = Mapping[int, Member]
"""By the number of the trial, parents before their children."""


def family(run: Run) -> Family:
    """The tree, or several where the best cells descend from several; empty without a score.

    A cell of several parents hangs on its first.
    """
    trials = {trial.number: trial for trial in run.trials}
    places = {trial.number: place for place, trial in enumerate(run.best, start=1)}
    children: dict[int, list[Trial]] = {}
    for trial in run.trials:
        for first in trial.parents[:1]:
            children.setdefault(first, []).append(trial)
    lines = [list(ancestry(trial, trials))[::-1] for trial in run.best]
    known = {trial.number for line in lines for trial in line}
    line = _on_lines(lines)
    others = {n: _ranked(children.get(n, ()), known) for n in list(line)[::-1]}
    shown = line | dict.fromkeys(_siblings(others, MEMBERS - len(line)))
    members = {}
    for number in sorted(shown):
        parent, skipped = _shown_parent(trials[number], trials, shown)
        kin = parent, skipped, places.get(number), number in line, len(children.get(number, ()))
        members[number] = Member(trials[number], *kin)
    return members


def ancestry(trial: Trial, trials: Mapping[int, Trial]) -> Iterator[Trial]:
    """A trial and its first parents, the youngest first; parents are always earlier trials."""
    yield trial
    while trial.parents and trial.parents[0] in trials and trial.parents[0] < trial.number:
        trial = trials[trial.parents[0]]
        yield trial


def _on_lines(lines: Iterable[Sequence[Trial]]) -> dict[int, None]:
    """What is shown of the lines to the best cells, the very best's at any rate."""
    found: dict[int, None] = {}
    for line in lines:
        kept = line if len(line) <= LINE else [line[0], *line[1 - LINE :]]
        joined = found | dict.fromkeys(trial.number for trial in kept)
        if not found or len(joined) <= ANCESTORS:
            found = joined
    return found


def _siblings(others: Mapping[int, Sequence[Trial]], room: int) -> Iterator[int]:
    """The best child of each ancestor, then the second of each, ..., while there is room."""
    turns = (few[turn] for turn in range(SIBLINGS) for few in others.values() if turn < len(few))
    for trial, _ in zip(turns, range(room), strict=False):
        yield trial.number


def _ranked(children: Sequence[Trial], known: set[int]) -> list[Trial]:
    scored = [t for t in children if t.outcome == SCORED and t.number not in known]
    return sorted(scored, key=lambda trial: (-_score(trial), trial.number))


def _score(trial: Trial) -> float:
    return float("-inf") if trial.score is None else trial.score


def _shown_parent(
    trial: Trial, trials: Mapping[int, Trial], shown: Mapping[int, None]
) -> tuple[int | None, int]:
    """The nearest ancestor that is shown, and how many are left out before it."""
    for skipped, ancestor in enumerate(list(ancestry(trial, trials))[1:]):
        if ancestor.number in shown:
            return ancestor.number, skipped
    return None, 0
