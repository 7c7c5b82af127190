"""A result as a page of Markdown, to be kept beside the code."""

from __future__ import annotations

from collections.abc import Iterator

from fenas_lang.bench.report import Grid, left_out_line, legend, reached, timings_grid
from fenas_lang.bench.result import Result
from fenas_lang.bench.targets import Verdict, verdicts

TARGET_HEAD = ["figure", "target", "then", "measured", "target", "then"]


def page(result: Result, title: str, date: str, command: str) -> str:
    """The machine and command, all targets, all figures, and what is missing."""
    parts = [f"# {title}", *_circumstances(result, date, command)]
    parts += ["## Targets", table((TARGET_HEAD, [_target(v) for v in verdicts(result)]))]
    parts += ["## Figures", " ".join(legend(result)), table(timings_grid(result))]
    parts += ["## Matrix products", table(_peaks(result))]
    parts += [f"**{row.name}**: {row.text}." for row in result.rows]
    missing = [f"- {left_out_line(left)}" for left in result.left_out]
    parts += ["## Left out", "\n".join(missing)] if missing else []
    return "\n\n".join(parts) + "\n"


def table(grid: Grid) -> str:
    """A grid as a table of Markdown; `*` would begin emphasis there."""
    head, lines = grid
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("*", "\\*")


def _circumstances(result: Result, date: str, command: str) -> Iterator[str]:
    settings = result.settings
    yield (
        f"Measured on {date} by `{command}`: {settings.threads} thread(s), {settings.dtype},"
        f" medians of {settings.runs} runs ({settings.clock} time)."
    )
    yield ", ".join(f"{name} {value}" for name, value in result.machine.items()) + "."


def _target(verdict: Verdict) -> list[str]:
    target = verdict.target
    sign = "≥" if target.at_least else "≤"
    later = "" if target.then is None else f"{sign} {target.then:g}"
    value = "" if verdict.value is None else f"{verdict.value:.2f}"
    states = [reached(verdict.reaches(target.first))]
    states.append("" if target.then is None else reached(verdict.reaches(target.then)))
    return [target.text, f"{sign} {target.first:g}", later, value, *states]


def _peaks(result: Result) -> Grid:
    """Rates of torch's own product, large and of the size of the widest in the time step."""
    head = ["cell", "shape", "large, GFLOP/s", "matching, GFLOP/s"]
    rates = [(peak, peak.large.median / 1e9, peak.matching.median / 1e9) for peak in result.peaks]
    return head, [[p.cell, p.shape.name, f"{a:.0f}", f"{b:.0f}"] for p, a, b in rates]
