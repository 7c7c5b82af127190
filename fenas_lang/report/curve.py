"""The curve of a run: every trial a dot, the best so far a line, seeds and references marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from fenas_lang.report.axes import Axis, spread
from fenas_lang.report.document import add
from fenas_lang.report.run import Run
from fenas_lang.search.lineage import figure
from fenas_lang.search.trial import HIT, Trial

WIDTH, HEIGHT = 720.0, 380.0
LEFT, RIGHT, TOP, BOTTOM = 76.0, 14.0, 14.0, 62.0
TICKS = 6
GRAIN = 2.0
"""Dots in the same square of so many points across are drawn once."""
SIDES = (-15.0, 0.0, 15.0, 30.0, -30.0)
"""How far below its mark a seed's name may stand."""
MANY = 800
"""More dots than this are drawn smaller."""
LONGEST = 40
"""Letters of a reference's name in the drawing."""
NOTES = 60
"""So many steps of the curve say on hover which cell made them."""


@dataclass(frozen=True)
class Plot:
    """What is drawn, and where; `across` counts trials, `up` is the metric."""

    run: Run
    scored: Sequence[Trial]
    across: Axis
    up: Axis

    def place(self, trial: Trial) -> tuple[float, float]:
        assert trial.metric is not None
        return round(self.across.at(trial.number), 1), round(self.up.at(trial.metric), 1)

    @property
    def steps(self) -> list[Trial]:
        """The trials that were the best so far."""
        found: list[Trial] = []
        for trial in self.scored:
            assert trial.score is not None
            if not found or trial.score > (found[-1].score or 0.0):
                found.append(trial)
        return found

    @property
    def beyond(self) -> int:
        """How many trials are worse than what the axis shows."""
        return sum(not self.up.holds(t.metric) for t in self.scored if t.metric is not None)


def plot(run: Run) -> Plot | None:
    """The plot of a run; None where no trial has a score."""
    scored = [trial for trial in run.trials if trial.metric is not None]
    if not scored:
        return None
    values = [trial.metric for trial in scored if trial.metric is not None]
    wanted = [t.metric for t in run.seeds if t.metric is not None] + list(run.references.values())
    last = max(1, run.trials[-1].number)
    room = spread(values, wanted, bool(run.status.task["higher_is_better"]))
    across = Axis(-0.02 * last, 1.02 * last, LEFT, WIDTH - RIGHT)
    return Plot(run, scored, across, replace(room, start=HEIGHT - BOTTOM, end=TOP))


def draw_curve(parent: Element, shown: Plot) -> None:
    """The SVG, in a figure with a legend."""
    many = " many" if len(shown.scored) > MANY else ""
    frame = add(parent, "figure", class_=f"curve{many}")
    label = f"{shown.run.metric} against the number of the trial"
    canvas = add(
        frame, "svg", viewBox=f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", role="img", aria_label=label
    )
    add(canvas, "title", label)
    add(canvas, "desc", spoken(shown))
    _draw_axes(canvas, shown)
    _draw_references(canvas, shown)
    _draw_trials(canvas, shown)
    _draw_line(canvas, shown)
    _draw_seeds(canvas, shown)
    _draw_legend(add(frame, "figcaption"), shown)


def spoken(shown: Plot) -> str:
    """The curve in words."""
    first, last = shown.steps[0], shown.steps[-1]
    return (
        f"{len(shown.scored)} trials with a score. The best so far goes in {len(shown.steps)} "
        f"steps from {figure(first.metric)} at trial {first.number} to {figure(last.metric)} at "
        f"trial {last.number}."
    )


def _draw_axes(canvas: Element, shown: Plot) -> None:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for value in shown.up.ticks(TICKS):
        y = f"{shown.up.at(value):.1f}"
        add(canvas, "line", class_="grid", x1=f"{LEFT}", x2=f"{right}", y1=y, y2=y)
        _text(canvas, "tick up", f"{value:.6g}", LEFT - 8, float(y) + 4)
    for value in shown.across.ticks(TICKS):
        if value >= 0 and value == int(value):
            x = shown.across.at(value)
            add(canvas, "line", class_="axis", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=f"{bottom}",
                y2=f"{bottom + 5}")  # fmt: skip
            _text(canvas, "tick", f"{value:,.0f}", x, bottom + 22)
    add(canvas, "line", class_="axis", x1=f"{LEFT}", x2=f"{right}", y1=f"{bottom}", y2=f"{bottom}")
    _text(canvas, "name", "trial", (LEFT + right) / 2, HEIGHT - 12)
    middle = (TOP + bottom) / 2
    name = _text(canvas, "name", shown.run.metric, 0, 0)
    name.set("transform", f"translate(16 {middle:.0f}) rotate(-90)")


def _draw_references(canvas: Element, shown: Plot) -> None:
    for name, value in shown.run.references.items():
        if shown.up.holds(value):
            y = shown.up.at(value)
            line = add(canvas, "line", class_="reference", x1=f"{LEFT}", x2=f"{WIDTH - RIGHT}",
                       y1=f"{y:.1f}", y2=f"{y:.1f}")  # fmt: skip
            add(line, "title", f"{name}: {figure(value)}")
            words = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
            _text(canvas, "mark up halo", words, WIDTH - RIGHT - 4, y - 5)


def _draw_trials(canvas: Element, shown: Plot) -> None:
    """Dots as line ends, so that five thousand of them are a few thousand bytes."""
    trained = [trial for trial in shown.scored if trial.outcome != HIT]
    copied = [trial for trial in shown.scored if trial.outcome == HIT]
    for name, trials in (("dots", trained), ("dots hits", copied)):
        points = thinned(shown.place(trial) for trial in trials)
        if points:
            add(canvas, "path", class_=name, d="".join(f"M{x:g} {y:g}h0" for x, y in points))
    failed = [trial for trial in shown.run.trials if trial.metric is None]
    y = HEIGHT - BOTTOM - 5
    points = thinned((round(shown.across.at(t.number), 1), y) for t in failed)
    if points:
        crosses = (f"M{x - 3:g} {y - 3:g}l6 6m0 -6l-6 6" for x, y in points)
        add(canvas, "path", class_="failed", d="".join(crosses))


def thinned(points: Iterator[tuple[float, float]]) -> list[tuple[float, float]]:
    """One of all points that would lie on each other."""
    kept: dict[tuple[int, int], tuple[float, float]] = {}
    for x, y in points:
        kept.setdefault((int(x / GRAIN), int(y / GRAIN)), (x, y))
    return list(kept.values())


def _draw_line(canvas: Element, shown: Plot) -> None:
    steps = shown.steps
    x, y = shown.place(steps[0])
    path = [f"M{x:g} {y:g}"]
    for trial in steps[1:]:
        x, y = shown.place(trial)
        path.append(f"H{x:g}V{y:g}")
    end = shown.across.at(shown.run.trials[-1].number)
    add(canvas, "path", class_="best", d="".join(path) + f"H{end:.1f}")
    for trial in steps[-NOTES:]:
        x, y = shown.place(trial)
        dot = add(canvas, "circle", class_="step", cx=f"{x:g}", cy=f"{y:g}", r="4")
        add(dot, "title", f"{trial.name}: {figure(trial.metric)}, {trial.edit}")


def _draw_seeds(canvas: Element, shown: Plot) -> None:
    """Diamonds; a name stands where it lies on no other name and no other diamond."""
    seeds = [trial for trial in shown.run.seeds if trial.metric is not None]
    taken = [shown.place(trial) for trial in seeds]
    for trial in seeds:
        x, y = shown.place(trial)
        mark = add(canvas, "path", class_="seed", d=f"M{x:g} {y - 6:g}l6 6l-6 6l-6 -6Z")
        add(mark, "title", f"seed {trial.name}: {figure(trial.metric)}")
        others = [(at, other) for at, other in taken if (at, other) != (x, y)]
        side = next((side for side in SIDES if _is_free(x, y + side, others)), SIDES[0])
        taken.append((x, y + side))
        _text(canvas, "mark halo", trial.name, x + 11, y + side + 5)


def _is_free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> bool:
    return all(abs(y - other) > 15 or abs(x - at) > 80 for at, other in taken)


def _draw_legend(caption: Element, shown: Plot) -> None:
    outcomes = {trial.outcome if trial.metric is not None else "" for trial in shown.run.trials}
    entries = {
        "dot": ("trained", bool(outcomes - {HIT, ""})),
        "dot hit": ("score of an equal cell", HIT in outcomes),
        "line": ("best so far", True),
        "diamond": ("seed", any(t.metric is not None for t in shown.run.seeds)),
        "dashes": ("reference", any(map(shown.up.holds, shown.run.references.values()))),
        "cross": ("failed", "" in outcomes),
    }
    legend = add(caption, "ul", class_="legend")
    for name, (words, drawn) in entries.items():
        if drawn:
            entry = add(legend, "li")
            add(entry, "span", class_=f"key {name}", aria_hidden="true")
            add(entry, "span", words)
    for line in _remarks(shown):
        add(caption, "p", line)


def _remarks(shown: Plot) -> Iterator[str]:
    if shown.beyond:
        yield f"{shown.beyond} worse trials lie beyond the axis and are drawn at its border."
    for name, value in shown.run.references.items():
        if not shown.up.holds(value):
            yield f"Reference beyond the axis: {name}, {figure(value)}."


def _text(canvas: Element, name: str, text: str, x: float, y: float) -> Element:
    return add(canvas, "text", text, class_=name, x=f"{x:.1f}", y=f"{y:.1f}")
