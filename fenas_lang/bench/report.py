"""A result as tables that a person can read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from fenas_lang.bench.result import ENGINE, LeftOut, Mean, Result, Timing
from fenas_lang.bench.statistics import Spread, spread
from fenas_lang.bench.targets import Verdict, verdicts

WIDTH = 200
OTHER_CELL = "*"
Grid = tuple[list[str], list[list[str]]]
"""The head of a table and its lines."""


def report(result: Result) -> str:
    """The text that `fenasc bench` prints."""
    parts = [_drawn(timings_grid(result)), *_paragraphs(result)]
    return "\n\n".join(part for part in parts if part) + "\n"


def json_object(result: Result) -> dict[str, Any]:
    """What `fenasc bench --format json` prints."""
    return {**result.as_json(), "targets": [verdict.as_json() for verdict in verdicts(result)]}


def timings_grid(result: Result) -> Grid:
    """A line for each cell, shape and step, then the geometric means; a column for each peer."""
    peers = list(dict.fromkeys(t.candidate for t in result.timings if t.candidate != ENGINE))
    head = ["cell", "shape", "step", "ms", "of peak", *(f"÷ {peer}" for peer in peers)]
    lines: dict[tuple[str, str, str], dict[str, Timing]] = {}
    for timing in result.timings:
        place = (timing.cell, timing.shape.name, timing.step)
        lines.setdefault(place, {})[timing.candidate] = timing
    found = [[*place, *_figures(timings, peers)] for place, timings in lines.items()]
    return head, found + _mean_lines(result, peers)


def _figures(timings: dict[str, Timing], peers: list[str]) -> Iterator[str]:
    own = timings[ENGINE]
    yield f"{own.milliseconds.median:.2f}"
    yield f"{own.share.median:.0%}"
    for peer in peers:
        timing = timings.get(peer)
        yield "" if timing is None else _ratio(timing.ratio, timing.same)


def _ratio(ratio: Spread, same: bool) -> str:
    mark = "" if same else OTHER_CELL
    between = "" if ratio.low == ratio.high else f" ({ratio.low:.2f}–{ratio.high:.2f})"
    return f"{ratio.median:.2f}{mark}{between}"


def _mean_lines(result: Result, peers: list[str]) -> list[list[str]]:
    lines: dict[tuple[str, str], dict[str, Mean]] = {}
    for mean in result.means:
        lines.setdefault((mean.group, mean.step), {})[mean.candidate] = mean
    return [
        [group, "mean", step, "", "", *(_mean(means.get(peer)) for peer in peers)]
        for (group, step), means in lines.items()
        if max(mean.count for mean in means.values()) > 1
    ]


def _mean(mean: Mean | None) -> str:
    return "" if mean is None else f"{mean.ratio:.2f}{'' if mean.same else OTHER_CELL}"


def _paragraphs(result: Result) -> Iterator[str]:
    if result.timings:
        yield "\n".join(legend(result))
    yield "\n".join(f"{row.name}: {row.text}" for row in result.rows)
    yield "\n".join(map(target_line, (v for v in verdicts(result) if v.value is not None)))
    yield "\n".join(map(left_out_line, result.left_out))
    settings = result.settings
    machine = ", ".join(f"{name} {value}" for name, value in result.machine.items())
    yield (
        f"{settings.runs} runs, {settings.threads} thread(s), {settings.dtype},"
        f" {settings.clock} time; {machine}"
    )


def legend(result: Result) -> Iterator[str]:
    """How to read the table."""
    yield (
        "÷ peer: the engine's time over the peer's, median of paired runs (quartiles); below 1 the"
        " engine is faster."
    )
    peak = max(p.large.median for p in result.peaks) / 1e9
    yield f"of peak: of the rate of a large matrix product, up to {peak:.0f} GFLOP/s here."
    if any(t.candidate == ENGINE and t.note != "native" for t in result.timings):
        yield "The native kernel did not serve: the engine ran as torch operations."
    if any(not timing.same for timing in result.timings):
        yield f"{OTHER_CELL} another cell: its time alone can be compared."
    compiled = dict.fromkeys(t.candidate for t in result.timings if t.prepared >= 1)
    for name in compiled:
        seconds = spread([t.prepared for t in result.timings if t.candidate == name])
        yield f"{name}: {seconds.median:.1f} s to compile a cell and shape (median)."


def target_line(verdict: Verdict) -> str:
    """`reached  LSTM, training ÷ nn.LSTM: 0.83 (at most 0.84, then 0.78: missed)`."""
    target = verdict.target
    sense = "at least" if target.at_least else "at most"
    later = ""
    if target.then is not None:
        later = f", then {target.then:g}: {reached(verdict.reaches(target.then))}"
    value = "" if verdict.value is None else f"{verdict.value:.2f} "
    state = reached(verdict.reaches(target.first))
    return f"{state:13} {target.text}: {value}({sense} {target.first:g}{later})"


def reached(state: bool | None) -> str:
    return {True: "reached", False: "missed", None: "not measured"}[state]


def left_out_line(left: LeftOut) -> str:
    place = f" for {left.cell} at {left.shape}" if left.cell else ""
    return f"left out: {left.candidate}{place}: {left.reason}"


def _drawn(grid: Grid) -> str:
    head, lines = grid
    if not lines:
        return ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for k, name in enumerate(head):
        table.add_column(name, justify="left" if k < 3 else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    out = io.StringIO()
    Console(file=out, width=WIDTH, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")
