"""A run as one HTML page that needs nothing else: no network, no font, no script."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from fenas_lang.emit.style import style_sheet
from fenas_lang.emit.svg import ROOT
from fenas_lang.report.curve import draw_curve, plot
from fenas_lang.report.document import add, harmless, html_text, section
from fenas_lang.report.gallery import add_gallery, add_lineage
from fenas_lang.report.page_style import PAGE
from fenas_lang.report.record import (
    add_failures,
    add_finals,
    add_savings,
    add_settings,
    tiles,
)
from fenas_lang.report.run import Run, read_run
from fenas_lang.search.lineage import figure

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for the page: nothing but its own style."""


def report(location: str | Path) -> str:
    """The page of a store, which a search may be writing to.  Raises FenError (FEN501-505)."""
    return page_of(read_run(location))


def page_of(run: Run) -> str:
    """The page of a run."""
    root = Element("html", lang="en")
    add_head(root, title_of(run))
    body = add(root, "body")
    _add_header(add(body, "header"), run)
    main = add(body, "main")
    _add_curve(main, run)
    for part in (add_finals, add_lineage, add_gallery, add_savings, add_failures, add_settings):
        part(main, run)
    add(add(body, "footer"), "p", f"Made by fenasc report from {run.status.store}.")
    return html_text(root)


def add_head(root: Element, title: str) -> None:
    """Title, style, and the promise to load nothing."""
    head = add(root, "head")
    add(head, "meta", charset="utf-8")
    policy = add(head, "meta", content=POLICY)
    policy.set("http-equiv", "Content-Security-Policy")
    add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    add(head, "link", rel="icon", href="data:,")
    add(head, "title", title)
    add(head, "style").text = PAGE + style_sheet(ROOT) + "\n"


def title_of(run: Run) -> str:
    """`GRU_42: valid_accuracy 0.905 on digits`."""
    task = run.status.task["task"]
    if run.result is None:
        return f"No score yet on {task}"
    return f"{run.result.cell.name}: {run.metric} {figure(run.result.metric)} on {task}"


def _add_header(header: Element, run: Run) -> None:
    add(header, "h1", title_of(run))
    lead = add(header, "p", class_="lead")
    add(lead, "span", run.status.state, class_=f"state {run.status.state}").tail = " " + harmless(
        _lead(run)
    )
    if run.status.exhausted:
        add(header, "p", run.status.exhausted)
    figures = add(header, "ul", class_="tiles")
    for value, what in tiles(run):
        tile = add(figures, "li")
        add(tile, "b", value)
        add(tile, "span", what)


def _lead(run: Run) -> str:
    told = run.settings
    what = f"A search by {told.strategy} in the space {run.space.name}"
    if run.result is None:
        return f"{what}, in which no cell has a score yet."
    return f"{what}. The metric: {run.result.basis}."


def _add_curve(main: Element, run: Run) -> None:
    part = section(main, "curve", "Best so far")
    shown = plot(run)
    if shown is None:
        add(part, "p", "There is nothing to draw yet: no trial has a score.")
    else:
        draw_curve(part, shown)
