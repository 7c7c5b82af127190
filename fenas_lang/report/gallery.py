"""The best cells of a run as cards: picture, figures, source; and where the best one comes from."""

from __future__ import annotations

from collections import Counter
from xml.etree.ElementTree import Element

from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit
from fenas_lang.report.document import add, folded, graft, section
from fenas_lang.report.family import family
from fenas_lang.report.family_drawing import draw_family, tree
from fenas_lang.report.run import Run
from fenas_lang.search.lineage import figure
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import Trial


def add_gallery(page: Element, run: Run) -> None:
    """A card for each of the best different cells."""
    if not run.best:
        return
    part = section(page, "cells", "Best cells")
    add(part, "p", _about(len(run.best)), class_="soft")
    cards = add(part, "div", class_="gallery")
    for place, trial in enumerate(run.best, start=1):
        _add_card(cards, run, trial, place)


def _about(count: int) -> str:
    if count == 1:
        return "As trained in the search, once."
    return f"The best {count} different cells, as trained in the search, once each."


def _add_card(cards: Element, run: Run, trial: Trial, place: int) -> None:
    card = add(cards, "article", class_="cell")
    add(card, "h3", f"{place}. {trial.name}")
    add(card, "p", f"{run.metric} {figure(trial.metric)}, trial {trial.number}")
    add(card, "p", trial.edit, class_="soft")
    try:
        cell = Individual(trial.number, trial.source, trial.score).cell
        graft(add(card, "div", class_="picture"), emit(cell, "svg", run.space))
    except FenError as error:
        for diagnostic in error.diagnostics:
            add(card, "p", f"No picture: {diagnostic.message}", class_="soft")
    folded(card, "Source", trial.source)


def add_lineage(page: Element, run: Run) -> None:
    """The tree of the best cells, and the line to the cell found with each step in words."""
    if run.result is None:
        return
    line = run.result.lineage
    children = Counter(parent for trial in run.trials for parent in trial.parents)
    part = section(page, "lineage", f"Where {line[-1].name} comes from")
    shown = tree(family(run))
    if shown is not None:
        draw_family(part, run, shown)
    steps = add(part, "ol", class_="lineage")
    for before, trial in zip([None, *line], line, strict=False):
        step = add(steps, "li")
        head = add(step, "div")
        add(head, "strong", trial.name)
        add(head, "span", figure(trial.metric), class_="figure")
        if before is not None:
            _add_change(head, before, trial)
        add(step, "div", trial.edit)
        add(step, "div", _kin(trial, children[trial.number]), class_="soft")


def _add_change(head: Element, before: Trial, trial: Trial) -> None:
    """How the metric moved."""
    if None in (before.score, trial.score, before.metric, trial.metric):
        return
    assert trial.metric is not None and before.metric is not None
    assert trial.score is not None and before.score is not None
    moved = trial.metric - before.metric
    better = trial.score > before.score
    name = "better" if better else "worse" if trial.score < before.score else "soft"
    words = {"better": "better", "worse": "worse", "soft": "as its parent"}[name]
    text = f"{moved:+.3g} ({words})" if moved else words
    add(head, "span", text, class_=f"figure {name}")


def _kin(trial: Trial, children: int) -> str:
    parents = [f"trial {number}" for number in trial.parents[1:]]
    others = f", also from {', '.join(parents)}" if parents else ""
    many = f", {children} {'child' if children == 1 else 'children'}" if children else ""
    return f"trial {trial.number}{others}{many}"
