"""An analysis as a report for people: first what is notable, in sentences, then the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from fenas_lang.analysis.cost import Formula
from fenas_lang.analysis.notes import notes

if TYPE_CHECKING:
    from fenas_lang.analysis.overview import Analysis

WIDTH = 100
Table = Sequence[Sequence[str]]


def report(analysis: Analysis) -> str:
    """The whole report, at most about `WIDTH` columns wide."""
    space = analysis.dataflow.space
    head = f"{analysis.name}: a cell in {space}; output: {analysis.dataflow.output_rule}"
    parts = [head, _bullets(notes(analysis))]
    for title, rows in _SECTIONS.items():
        table = rows(analysis)
        if table:
            parts.append(f"{title}\n{_aligned(table)}")
    parts.append(_aligned([("canonical key", analysis.canonical_key)]))
    return "\n\n".join(parts)


def _bullets(sentences: Iterator[str]) -> str:
    return "\n".join(
        "\n".join(wrap(s, WIDTH, initial_indent="- ", subsequent_indent="  ")) for s in sentences
    )


def _aligned(table: Table) -> str:
    """Rows in columns, the last one wrapped."""
    columns = len(table[0]) - 1
    widths = [max(len(row[k]) for row in table) for k in range(columns)]
    lines = []
    for row in table:
        start = "  " + "".join(f"{cell:<{w}}  " for cell, w in zip(row, widths, strict=False))
        room = max(WIDTH - len(start), 20)
        first, *rest = wrap(row[-1], room, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [f"{start}{first}".rstrip(), *(" " * len(start) + line for line in rest)]
    return "\n".join(lines)


def _counts(analysis: Analysis) -> Table:
    s = analysis.structure
    functions = ", ".join(f"{number} {name}" for name, number in s.functions.items())
    edges = f"{s.weighted_edges} weighted, {s.plain_edges} plain"
    if s.elementwise_edges:
        edges += f" ({s.elementwise_edges} of the weighted ones elementwise)"
    return [
        ("nodes", f"{s.nodes} ({s.live_nodes} live, {s.skips} skips), depth {s.depth}"),
        ("functions", functions or "none"),
        ("edges", edges),
        ("loose ends", ", ".join(s.loose_ends) or "none"),
        ("articulation nodes", ", ".join(s.articulation_nodes) or "none"),
    ]


def _cost(analysis: Analysis) -> Table:
    sizes = f"for D = {analysis.input_size} and H = {analysis.hidden_size}"
    parameters, flops = analysis.parameters, analysis.flops
    return [
        ("parameters", f"{_pretty(parameters)} = {parameters.value:,} {sizes}"),
        ("FLOPs", f"{_pretty(flops)} = {flops.value:,} a time step of a sequence"),
    ]


def _pretty(formula: Formula) -> str:
    return formula.formula.replace("**2", "²").replace("*", "·")


def _parameters(analysis: Analysis) -> Table:
    known = analysis.recognised.correspondence if analysis.recognised else {}
    return [
        (
            shape.name,
            " x ".join(shape.shape),
            known[shape.name].symbol if shape.name in known else "",
        )
        for shape in analysis.parameter_shapes
    ]


def _ranges(analysis: Analysis) -> Table:
    rows = [
        (name, str(r.any_state), str(r.reachable))
        for name, r in analysis.recurrence.ranges.items()
        if name != analysis.dataflow.input
    ]
    return [("", "any state", "from zero"), *rows]


def _gradients(analysis: Analysis) -> Table:
    return [
        (
            f"{paths.state} to {paths.output}",
            "; ".join(f"{number} through {way}" for way, number in paths.kinds.items()),
        )
        for paths in analysis.gradient_paths
    ]


def _equations(analysis: Analysis) -> Table:
    return [(e.name, f"= {e.text}") for e in analysis.equations]


_SECTIONS: dict[str, Callable[[Analysis], Table]] = {
    "Counts": _counts,
    "Cost": _cost,
    "Parameters": _parameters,
    "Ranges": _ranges,
    "Gradient paths": _gradients,
    "Equations": _equations,
}
